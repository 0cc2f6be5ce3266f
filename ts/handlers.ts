import { report } from "./errors.ts";

/** What goes with a message of a session. */
export interface Context {
  readonly ack?: () => void;
}

type Handler = (message: never, context?: Context) => void;

/** Handlers of messages, by the type of these. */
export class Handlers<In> {
  readonly #handlers = new Map<unknown, Set<Handler>>();
  readonly #discriminant: string;

  constructor(discriminant = "type") {
    this.#discriminant = discriminant;
  }

  on(type: unknown, handler?: unknown): () => void {
    // No message has this for its type.
    const key = handler ? type : this;
    const added = (handler ?? type) as Handler;
    const handlers = this.#handlers.get(key) ?? new Set();
    this.#handlers.set(key, handlers.add(added));
    return () => {
      handlers.delete(added);
      if (handlers.size === 0 && this.#handlers.get(key) === handlers) this.#handlers.delete(key);
    };
  }

  /** One that throws is reported, and the others are called. */
  deliver(message: In, context?: Context): void {
    const type = (message as Record<string, unknown> | null | undefined)?.[this.#discriminant];
    for (const handlers of [this.#handlers.get(this), this.#handlers.get(type)]) {
      for (const handler of handlers ?? []) {
        try {
          if (SESSION) handler(message as never, context);
          else handler(message as never);
        } catch (error) {
          report(error);
        }
      }
    }
  }
}
