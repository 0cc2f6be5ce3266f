import type { Channel } from "./channel.ts";

/** Methods by name, as functions: what they take is the request's payload, what they give the response's. */
export type AnyMethods = Record<string, (payload: any) => unknown>;

/** What a method takes. */
export type Payload<Method> = Method extends (payload: infer Payload) => unknown ? Payload : never;

/** What a method answers, in one part. */
export type Answer<Method> = Method extends (payload: any) => infer Result ? Awaited<Result> : never;

/** What a method answers, in several. */
export type Item<Method> =
  Answer<Method> extends AsyncIterable<infer Item> | Generator<infer Item> ? Item : Answer<Method>;

export interface RequestOptions {
  /** Milliseconds until nobody waits for the answer any more. Default: `requestTimeout`. */
  timeout?: number;
  /** Cancels the request when aborted. */
  signal?: AbortSignal;
  /** Where it goes. Default: no channel. */
  channel?: Channel<any, any>;
}

/** A request of the server's. */
export interface Asked {
  /** Aborted when the server waits no more: it has cancelled, or the session is lost. */
  readonly signal: AbortSignal;
  /** Where it came, if on a channel. */
  readonly channel: Channel<any, any> | undefined;
  /** With `manualAck`: the request is accepted, and will not come again. */
  readonly ack?: () => void;
}

export type RequestErrorCode = (typeof NOT_SENT)[number] | (typeof ANSWERS)[number] | "overflow";

/** Why a request has no answer. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  /** What a program decides by. */
  declare readonly code: RequestErrorCode;
  /** The status of the answer, if there is one: 1, or from 16 on the application's own. */
  declare readonly status: number | undefined;
  /** What the other side says of it. */
  declare readonly data: unknown;
  /** Whether the other side may have got the request, and nobody can tell what became of it. */
  declare readonly inDoubt: boolean;

  /** To throw in a handler: `status` is 1, or from 16 on your own, and `data` is encoded as a message is. */
  constructor(
    message: string,
    more: { code?: RequestErrorCode; status?: number; data?: unknown; inDoubt?: boolean } = {},
  ) {
    super(message);
    this.code = more.code ?? "failed";
    this.status = more.status;
    this.data = more.data;
    this.inDoubt = more.inDoubt ?? false;
  }
}

/** The core's reasons, from 1. */
const NOT_SENT = [
  "full",
  "evicted",
  "superseded",
  "timed-out",
  "withdrawn",
  "closed",
  "refused",
  "too-large",
  "session-lost",
] as const;

/** Statuses, from 1. */
const ANSWERS = [
  "failed",
  "cancelled",
  "no-method",
  "timed-out",
  "busy",
  "interrupted",
  "no-channel",
] as const;

const TEXTS: Record<RequestErrorCode, string> = {
  full: "The queue is full; the request was not sent. See queue.maxMessages and queue.maxBytes.",
  evicted: "The request gave way to others in the queue and was not sent.",
  superseded: "Another took the request's place in the queue.",
  "timed-out": "The request was not answered in time. Ask again, or raise timeout.",
  withdrawn: "The request was taken back and not sent.",
  closed: "The wire is closed. reconnect() opens it again.",
  refused: "The socket refused the request.",
  "too-large": "The request is larger than the server takes; it was not sent.",
  "session-lost": "The session was lost before the answer came.",
  failed: "The method failed; data says what the other side tells of it.",
  cancelled: "The request was cancelled.",
  "no-method": "The other side has no such method.",
  busy: "Too many requests wait on the other side. Ask again later.",
  interrupted: "The other side was restarted while it worked; the method may have run.",
  "no-channel": "The channel is not open.",
  overflow: "The loop over the answer is slower than its parts. Read faster, or raise inbox.",
};

/** @internal A request that was not sent, by the core's reason. */
export const notSent = (reason: number): RequestError => {
  const code = NOT_SENT[reason - 1] ?? "closed";
  return new RequestError(TEXTS[code], { code });
};

/** @internal A request that was answered by other than what it asked for. */
export const answered = (status: number, data: unknown): RequestError => {
  const code = ANSWERS[status - 1] ?? "failed";
  // It may have run up to there.
  const inDoubt = code === "interrupted" || code === "timed-out" || code === "cancelled";
  return new RequestError(TEXTS[code], { code, status, data, inDoubt });
};

/** @internal A request that nobody will answer. */
export const unanswered = (code: RequestErrorCode, inDoubt: boolean): RequestError =>
  new RequestError(TEXTS[code], { code, inDoubt });
