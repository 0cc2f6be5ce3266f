import type { Raw } from "../codec.ts";
import * as core from "../core.ts";
import { report } from "../errors.ts";
import { type Asked, RequestError } from "../request.ts";
import { encoded, wellFormed } from "./bytes.ts";
import type { Session } from "./session.ts";

export type Method = (payload: any, asked: Asked) => unknown;

/** The requests of the other side. */
export class Serving<In, Out> {
  readonly methods = new Map<string, Method>();
  readonly #session: Session<In, Out>;
  readonly #running = new Map<number, AbortController>();
  /** Whoever waits for room. */
  #waiting: (() => void)[] = [];

  constructor(session: Session<In, Out>) {
    this.#session = session;
  }

  /** Runs a handler, and answers with what it gives. */
  serve(id: number, handler: Method, payload: unknown, context: Omit<Asked, "signal">): void {
    const over = new AbortController();
    this.#running.set(id, over);
    void this.#answer(id, over.signal, () => handler(payload, { ...context, signal: over.signal }));
  }

  async #answer(id: number, signal: AbortSignal, run: () => unknown): Promise<void> {
    const { link } = this.#session;
    let status = 0;
    let data: Raw = "";
    try {
      const given = await run();
      const parts = partsOf(given);
      for await (const part of parts ?? []) {
        while (!signal.aborted && !link.ask(core.READ, core.HAS_ROOM))
          await new Promise<void>((resolve) => this.#waiting.push(resolve));
        if (signal.aborted) return;
        this.#respond(id, 0, true, encoded(link.codec, part as Out));
      }
      if (!parts && given !== undefined) data = encoded(link.codec, given as Out);
    } catch (error) {
      const own = error instanceof RequestError ? error : undefined;
      if (!own && !signal.aborted) report(error);
      status = own?.status ?? 1;
      data =
        own?.data === undefined
          ? wellFormed(String((error as Error | null)?.message ?? error))
          : this.#tell(own.data);
    }
    if (!signal.aborted) this.#respond(id, status, false, data);
    this.#running.delete(id);
  }

  #tell(data: unknown): Raw {
    try {
      return encoded(this.#session.link.codec, data as Out);
    } catch (error) {
      report(error);
      return "";
    }
  }

  #respond(id: number, status: number, more: boolean, data: Raw): void {
    this.#session.give(core.RESPOND, data, id, status * 2 + Number(more));
  }

  /** The other side waits no more. It is told that this one has heard. */
  cancelled(id: number): undefined {
    const running = this.#running.get(id);
    this.#running.delete(id);
    running?.abort();
    this.#respond(id, 2, false, "");
    this.heard();
  }

  /** The session is over, and nobody waits. */
  over(): void {
    for (const running of this.#running.values()) running.abort();
    this.#running.clear();
    this.heard();
  }

  /** Something arrived: there may be room. */
  heard(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

/** What a generator gives, or anything else that is read part by part. Arrays, maps and texts are values. */
const partsOf = (given: unknown): AsyncIterable<unknown> | Iterable<unknown> | undefined => {
  if (typeof given !== "object" || given === null) return undefined;
  if (Symbol.asyncIterator in given) return given as AsyncIterable<unknown>;
  return Symbol.iterator in given && "next" in given ? (given as Iterable<unknown>) : undefined;
};
