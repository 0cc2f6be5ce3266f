/**
 * JSON-RPC 2.0 (https://www.jsonrpc.org/specification) over a `Wire`, in both roles: `new JsonRpc(wire)`.
 * @module
 */
import { report } from "./errors.ts";
import { JsonRpcCode, JsonRpcError } from "./json-rpc-error.ts";
import type { Receipt } from "./receipt.ts";
import type { AnyMethods, Answer, Payload } from "./request.ts";
import { failure } from "./rpc-error.ts";
import type { Asked, RequestOptions, RequestsOptions } from "./rpc-options.ts";
import { atLeast, isObject } from "./rpc/check.ts";
import { Pending } from "./rpc/pending.ts";
import { Serving } from "./rpc/serving.ts";
import type { SendOptions, Wire } from "./wire.ts";

export { JsonRpcCode, JsonRpcError } from "./json-rpc-error.ts";
export type { AnyMethods } from "./request.ts";
export { RequestError, type RpcErrorCode } from "./rpc-error.ts";
export type { Asked, RequestOptions, RequestsOptions } from "./rpc-options.ts";

export interface JsonRpcOptions extends RequestsOptions {
  /** Requests and notifications that a batch of the other side may hold; a larger one is refused whole. Default 100. */
  maxBatch?: number;
  /** Told of errors of the other side that answer no request: it did not understand something. */
  onError?: (error: JsonRpcError) => void;
}

/** A request or a notification of the other side's. */
export interface JsonRpcAsked extends Asked {
  /** Undefined for a notification, which is not answered. */
  readonly id: string | number | null | undefined;
}

/** What a method takes, which may be left out if it takes nothing. */
export type Params<Method, Options> =
  undefined extends Payload<Method>
    ? [params?: Payload<Method>, options?: Options]
    : [params: Payload<Method>, options?: Options];

/** Collects what is to go in one message. */
export interface Batch<Remote> {
  request<Name extends keyof Remote & string>(
    method: Name,
    ...rest: Params<Remote[Name], RequestOptions>
  ): Promise<Answer<Remote[Name]>>;
  notify<Name extends keyof Remote & string>(method: Name, ...rest: Params<Remote[Name], never>): void;
}

type Handler = (params: any, asked: JsonRpcAsked) => unknown;
type Message = Record<string, unknown>;

/** `Remote` are the methods of the other side, `Own` those of this one: functions of one argument, their `params`. */
export class JsonRpc<Remote = AnyMethods, Own = AnyMethods> {
  readonly #wire: Wire<any, any, any, any>;
  readonly #pending: Pending;
  readonly #serving: Serving;
  readonly #handlers = new Map<string, Handler>();
  readonly #over = new AbortController();
  readonly #maxBatch: number;
  readonly #onError: JsonRpcOptions["onError"];
  #last = 0;

  /** Throws a `TypeError` if an option is wrong, or if the wire is one of sessions: those have requests of their own. */
  constructor(wire: Wire<any, any, any, any>, options: JsonRpcOptions = {}) {
    const { signal } = this.#over;
    this.#maxBatch = atLeast(1, "maxBatch", options.maxBatch ?? 100);
    this.#onError = options.onError;
    this.#wire = wire;
    this.#pending = new Pending(wire, options, signal);
    this.#serving = new Serving(wire, options, signal);
    signal.addEventListener(
      "abort",
      wire.on((message: unknown) => this.#heard(message)),
    );
    const unreadable = ({ error }: { error: { code: string } }) => {
      if (error.code === "Undecodable")
        this.#reply(this.#serving.signal, refused(null, JsonRpcCode.ParseError));
    };
    wire.addEventListener("error", unreadable, { signal });
  }

  /** Requests that wait for an answer. */
  get pending(): number {
    return this.#pending.size;
  }

  /**
   * Asks the other side, now or when the wire is open, and resolves with the result. Rejects with a `JsonRpcError` if
   * that is an error, with a `RequestError` if there is no answer, with the signal's reason, or with what `send` threw.
   */
  async request<Name extends keyof Remote & string>(
    method: Name,
    ...[params, options = {}]: Params<Remote[Name], RequestOptions>
  ): Promise<Answer<Remote[Name]>> {
    const message = called(method, params, ++this.#last);
    const answer = this.#pending.add(this.#last, options);
    this.#pending.sent([this.#last], true, () => this.#wire.send(message));
    return answer;
  }

  /** Sends what is not answered. Throws what `send` of the wire throws, and returns its receipt. */
  notify<Name extends keyof Remote & string>(
    method: Name,
    ...[params, options]: Params<Remote[Name], SendOptions>
  ): Receipt<unknown, any> {
    return this.#wire.send(called(method, params), options);
  }

  /** Sends everything that `fill` asks for in one message, and returns what `fill` returns. */
  batch<T>(fill: (batch: Batch<Remote>) => T): T {
    const messages: Message[] = [];
    const answers = new Map<number, Promise<any>>();
    let over = false;
    const add = (method: string, params: unknown, id?: number) => {
      if (over) throw new TypeError("The batch has been sent. Fill it before the function returns.");
      messages.push(called(method, params, id));
    };
    try {
      const filled = fill({
        request: (method, ...[params, options = {}]) => {
          const id = ++this.#last;
          try {
            const answer = this.#pending.add(id, options);
            answers.set(id, answer);
            add(method, params, id);
            return answer;
          } catch (error) {
            this.#pending.reject(id, error);
            return answers.get(id) ?? Promise.reject(error);
          }
        },
        notify: (method, ...[params]) => add(method, params),
      });
      const alone = messages.length === 1;
      if (messages.length > 0)
        this.#pending.sent([...answers.keys()], alone, () => this.#wire.send(messages));
      return filled;
    } catch (error) {
      for (const [id, answer] of answers) {
        // Nobody has got hold of it.
        answer.catch(() => {});
        this.#pending.reject(id, error);
      }
      throw error;
    } finally {
      over = true;
    }
  }

  /**
   * Answers requests for this method, and is told of its notifications. The result is what `handler` gives or its promise
   * resolves with; to answer with an error, throw a `JsonRpcError`. A later handler takes an earlier one's place. Returns a
   * function that ends it.
   */
  respond<Name extends keyof Own & string>(
    method: Name,
    handler: (
      params: Payload<Own[Name]>,
      asked: JsonRpcAsked,
    ) => Answer<Own[Name]> | PromiseLike<Answer<Own[Name]>>,
  ): () => void {
    this.#handlers.set(method, handler);
    return () => void (this.#handlers.get(method) === handler && this.#handlers.delete(method));
  }

  /** Ends it for good: what waits for an answer is given up, and nothing is answered any more. The wire stays. */
  end(): void {
    this.#over.abort();
  }

  #heard(message: unknown): void {
    const { signal } = this.#serving;
    const batch = Array.isArray(message);
    const others: unknown[] = [];
    for (const entry of batch ? message : [message]) {
      if (isResponse(entry)) this.#answered(entry);
      else others.push(entry);
    }
    if (others.length > this.#maxBatch || (batch && message.length === 0))
      return this.#reply(signal, refused(null, JsonRpcCode.InvalidRequest));
    if (others.length === 0) return;
    void Promise.all(others.map((entry) => this.#serve(entry, signal))).then((all) => {
      const replies = all.filter((reply) => reply !== undefined);
      if (replies.length > 0) this.#reply(signal, batch ? replies : replies[0]!);
    });
  }

  #reply(signal: AbortSignal, reply: Message | Message[]): void {
    const send = (what: unknown) => this.#wire.send(what, { signal });
    const instead = (it: Message) => (isJson(it) ? it : refused(it["id"], JsonRpcCode.InternalError));
    this.#serving.answer(
      signal,
      () => send(reply),
      () => send(Array.isArray(reply) ? reply.map(instead) : instead(reply)),
    );
  }

  #answered({ jsonrpc, id, result, error }: Message): void {
    const failed = isError(error) && (result === undefined || result === null) && jsonrpc === "2.0";
    const reason = () => {
      const { code, message, data } = error as JsonRpcError;
      return new JsonRpcError(code, message, data);
    };
    if (typeof id !== "string" && typeof id !== "number") {
      if (failed) this.#onError?.(reason());
    } else if (failed) this.#pending.reject(id, reason());
    // Some write `error: null` beside a result.
    else if (jsonrpc === "2.0" && result !== undefined && (error === undefined || error === null))
      this.#pending.resolve(id, result);
    else this.#pending.reject(id, failure("malformed", true, { jsonrpc, id, result, error }));
  }

  async #serve(entry: unknown, signal: AbortSignal): Promise<Message | undefined> {
    const { jsonrpc, method, params, id } = isObject(entry) ? entry : {};
    const answerable = typeof id === "string" || typeof id === "number" || id === null;
    const fits = typeof params === "object" ? params !== null : params === undefined;
    if (jsonrpc !== "2.0" || typeof method !== "string" || !fits || !(answerable || id === undefined))
      return refused(answerable ? id : null, JsonRpcCode.InvalidRequest);
    const handler = this.#handlers.get(method);
    const call = () => handler!(params, { signal, id: id as JsonRpcAsked["id"] });
    try {
      if (!answerable) return void (await (handler && call()));
      if (!handler) return refused(id, JsonRpcCode.MethodNotFound);
      if (this.#serving.full) return refused(id, JsonRpcCode.ServerBusy);
      const result = await this.#serving.run(call);
      return { jsonrpc, id, result: result === undefined ? null : result };
    } catch (error) {
      const told = error instanceof JsonRpcError;
      if (!told && !signal.aborted) report(error);
      return answerable
        ? told
          ? failing(id, error.code, error.message, error.data)
          : refused(id, JsonRpcCode.InternalError)
        : undefined;
    }
  }
}

const TEXTS: Record<number, string> = {
  [JsonRpcCode.ParseError]: "Parse error",
  [JsonRpcCode.InvalidRequest]: "Invalid Request",
  [JsonRpcCode.MethodNotFound]: "Method not found",
  [JsonRpcCode.InternalError]: "Internal error",
  [JsonRpcCode.ServerBusy]: "Too many requests are being worked on",
};

/** Of a batch that cannot be encoded, each answer that is to blame is replaced. */
function isJson(answer: Message): boolean {
  try {
    return JSON.stringify(answer) !== undefined;
  } catch {
    return false;
  }
}

/** An error as the specification words it. */
const refused = (id: unknown, code: number): Message => failing(id, code, TEXTS[code]!);

const failing = (id: unknown, code: number, message: string, data?: unknown): Message => ({
  jsonrpc: "2.0",
  id,
  error: data === undefined ? { code, message } : { code, message, data },
});

/** A request, or a notification without an id. Throws a `TypeError` if `params` are neither an array nor an object. */
function called(method: string, params: unknown, id?: number): Message {
  if (params !== undefined && (typeof params !== "object" || params === null))
    throw new TypeError("params must be an array or an object, or left out (JSON-RPC 2.0, section 4.2).");
  return {
    jsonrpc: "2.0",
    method,
    ...(params === undefined ? {} : { params }),
    ...(id === undefined ? {} : { id }),
  };
}

/** Whether it answers something; it is itself never answered, not even if it makes no sense. */
const isResponse = (entry: unknown): entry is Message =>
  isObject(entry) && !("method" in entry) && ("result" in entry || "error" in entry);

const isError = (error: unknown): error is JsonRpcError =>
  isObject(error) && Number.isInteger(error["code"]) && typeof error["message"] === "string";
