import type { NotSentReason } from "./receipt.ts";

export type RpcErrorCode = NotSentReason | keyof typeof TEXTS;

/** Why a request has no answer. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  /** What a program decides by. */
  readonly code: RpcErrorCode;
  /** What the other side says of it. */
  readonly data: unknown;
  /** Whether the other side may have got the request, and nobody can tell what became of it. */
  readonly inDoubt: boolean;

  /** To throw in a handler: the other side gets `data`, or else the message. */
  constructor(message: string, more: { code?: RpcErrorCode; data?: unknown; inDoubt?: boolean } = {}) {
    super(message);
    this.code = more.code ?? "failed";
    this.data = more.data;
    this.inDoubt = more.inDoubt ?? false;
  }
}

const TEXTS = {
  "timed-out": "The request was not answered in time.",
  lost: "The connection was lost before the answer came.",
  closed: "The wire was closed before the answer came.",
  ended: "Nobody waits for the answer any more: end() was called.",
  "too-many": "Too many requests wait for an answer; this one was not sent. See maxPending.",
  failed: "The other side failed; data says what it tells of it.",
  malformed: "What came is no answer; it is in data.",
};

const DOUBT = " It was sent, and nobody can tell what became of it; look before asking again.";
const UNSENT = " It was not sent.";

/** @internal */
export function failure(code: keyof typeof TEXTS, inDoubt?: boolean, data?: unknown): RequestError {
  const rest = inDoubt ? DOUBT : inDoubt === false ? UNSENT : "";
  return new RequestError(TEXTS[code] + rest, { code, data, inDoubt: inDoubt ?? false });
}

/** @internal */
export function notSent(reason: NotSentReason): RequestError {
  return new RequestError(`The request was not sent: ${reason}.`, { code: reason });
}
