/**
 * Requests and answers over a `Wire`, with any server that puts an id into a message and into what answers it.
 * @module
 */
import { report } from "./errors.ts";
import { failure, RequestError } from "./rpc-error.ts";
import type { Asked, RequestOptions, RequestsOptions } from "./rpc-options.ts";
import { isObject } from "./rpc/check.ts";
import { type Id, Pending } from "./rpc/pending.ts";
import { Serving } from "./rpc/serving.ts";
import type { Tag, Tagged } from "./tagged.ts";
import type { Wire } from "./wire.ts";

export { RequestError, type RpcErrorCode } from "./rpc-error.ts";
export type { Asked, RequestOptions, RequestsOptions } from "./rpc-options.ts";

/** Where messages have their id. */
export interface Correlation<In, Out, Question> {
  /** The message that goes out, with this id: a request, or what answers one. */
  set(message: Question, id: string | number): Out;
  /** The id of a message that arrived; undefined if it has none. */
  get(message: In): unknown;
}

export interface RpcOptions<In, Out, Field extends string, Question, Value> extends RequestsOptions {
  /** The field that holds the id, of requests and of answers; or how to set and get it. Default `"id"`. */
  id?: Field | Correlation<In, Out, Question>;
  /** Makes the id of the next request. Default: 1, 2, 3 and so on. */
  nextId?: () => string | number;
  /** Whether a message with an id is an answer. Default: it is, unless `respond` was called for its type. */
  isAnswer?: (message: In) => boolean;
  /** What a request resolves with, of its answer. What it throws, the request rejects with. Default: `answerOf`. */
  read?: (answer: Labelled<In, Field>) => Value;
  /**
   * The answer to a request whose handler failed. Default: `{ error }`, which is the text or the `data` of a
   * `RequestError`; of any other error the other side learns nothing, and the page is told of it.
   */
  fail?: (error: unknown, request: In) => Question;
  /** The field by which `respond` tells requests apart. Default `"type"`. */
  discriminant?: string;
}

/** Messages without their id, one by one. */
export type Unlabelled<Message, Field extends string> = Message extends object
  ? { [Key in keyof Message as Key extends Field ? never : Key]: Message[Key] }
  : Message;

/** Those that have one; all if none says so. */
export type Labelled<Message, Field extends string> = [WithField<Message, Field>] extends [never]
  ? Message
  : WithField<Message, Field>;
type WithField<Message, Field> = Message extends unknown
  ? Field extends keyof Message
    ? Message
    : never
  : never;

/** Requests, either way, over a wire in plain mode. */
export class Rpc<
  In,
  Out,
  Field extends string = "id",
  Question = Unlabelled<Out, Field>,
  Value = Labelled<In, Field>,
> {
  readonly #wire: Wire<In, Out, any, any>;
  readonly #options: RpcOptions<In, Out, Field, Question, Value>;
  readonly #correlation: Correlation<In, Out, Question>;
  readonly #pending: Pending;
  readonly #serving: Serving;
  readonly #handlers = new Map<unknown, (message: any, asked: Asked) => unknown>();
  readonly #over = new AbortController();
  #last = 0;

  /** Throws a `TypeError` if an option is wrong, or if the wire is one of sessions: those have requests of their own. */
  constructor(wire: Wire<In, Out, any, any>, options: RpcOptions<In, Out, Field, Question, Value> = {}) {
    const { signal } = this.#over;
    this.#wire = wire;
    this.#options = options;
    this.#correlation = typeof options.id === "object" ? options.id : byField(options.id ?? "id");
    this.#pending = new Pending(wire, options, signal);
    this.#serving = new Serving(wire, options, signal);
    signal.addEventListener(
      "abort",
      wire.on((message: In) => this.#heard(message)),
    );
  }

  /** Requests that wait for an answer. */
  get pending(): number {
    return this.#pending.size;
  }

  /**
   * Sends a message with an id, now or when the wire is open, and resolves with its answer. Rejects with a `RequestError`
   * if there is none, with the signal's reason, or with what `send` threw.
   */
  async request(message: Question, options: RequestOptions = {}): Promise<Value> {
    const id = this.#options.nextId?.() ?? ++this.#last;
    const answer = this.#pending.add(id, options);
    this.#pending.sent([id], true, () => this.#wire.send(this.#correlation.set(message, id)));
    return (this.#options.read ?? answerOf)(await answer) as Value;
  }

  /**
   * Answers requests of this type: with what `handler` gives, and the id of the request. A later handler takes an earlier
   * one's place. Returns a function that ends it.
   */
  respond<Type extends Tag<In>>(
    type: Type,
    handler: (message: Tagged<In, Type>, asked: Asked) => Question | PromiseLike<Question>,
  ): () => void {
    this.#handlers.set(type, handler);
    return () => void (this.#handlers.get(type) === handler && this.#handlers.delete(type));
  }

  /** Ends it for good: what waits for an answer is given up, and no request is answered any more. The wire stays. */
  end(): void {
    this.#over.abort();
  }

  #heard(message: In): void {
    const id = this.#correlation.get(message);
    if (typeof id !== "string" && typeof id !== "number") return;
    const { isAnswer, discriminant = "type" } = this.#options;
    const handler = isObject(message) ? this.#handlers.get(message[discriminant]) : undefined;
    if (isAnswer ? isAnswer(message) : !handler) this.#pending.resolve(id, message);
    else if (handler) void this.#serve(id, message, handler);
  }

  async #serve(id: Id, message: In, handler: (message: In, asked: Asked) => unknown): Promise<void> {
    const { signal } = this.#serving;
    const send = (answer: unknown) =>
      this.#wire.send(this.#correlation.set(answer as Question, id), { signal });
    let answer: () => unknown;
    try {
      if (this.#serving.full) throw new RequestError("Too many requests are being worked on.");
      const given = await this.#serving.run(() => handler(message, { signal }));
      answer = () => send(given);
    } catch (error) {
      const { fail } = this.#options;
      if (!(fail || error instanceof RequestError || signal.aborted)) report(error);
      answer = () => send((fail ?? failed)(error, message));
    }
    this.#serving.answer(signal, answer, (error) => send(failed(error)));
  }
}

/**
 * The answer itself. Throws a `RequestError` with the code `failed` if it has a field `error` that is not undefined, null
 * or false; `data` holds that.
 */
export function answerOf<Message>(answer: Message): Message {
  const error = isObject(answer) ? answer["error"] : undefined;
  if (error === undefined || error === null || error === false) return answer;
  throw failure("failed", undefined, error);
}

/** What of a failure is for the other side to know: only what was said on purpose. */
function failed(error: unknown): any {
  return {
    error: error instanceof RequestError ? (error.data ?? error.message) : "The request failed.",
  };
}

const byField = (field: string): Correlation<any, any, any> => ({
  set: (message, id) => ({ ...message, [field]: id }),
  get: (message) => (isObject(message) ? message[field] : undefined),
});
