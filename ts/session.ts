/**
 * Sessions with a server that speaks `everwire.v1`: `new SessionWire(url)`. Nothing happens at import.
 * @module
 */
import { supply } from "./load.ts";

export { Channel, type ChannelEventMap, ChannelShut } from "./channel.ts";
export type { Codec, CodecName, Raw } from "./codec.ts";
export { type WireClose, WireError, type WireErrorCode } from "./errors.ts";
export type { WireClosed, WireEvent, WireState } from "./events.ts";
export type { Attempt, Provided, Retry, WebSocketClass } from "./options.ts";
export {
  type AnyMethods,
  type Asked,
  RequestError,
  type RequestErrorCode,
  type RequestOptions,
} from "./request.ts";
export {
  type SessionEventMap,
  type SessionLost,
  type SessionNotSentReason,
  type SessionOptions,
  type SessionReceipt,
  type SessionSendOptions,
  type SessionSettled,
  SessionWire,
  type Token,
  type TokenRequest,
} from "./session-wire.ts";
export type { WireStats } from "./stats.ts";
export type { WireUrl } from "./wire.ts";

// Brotli packs the text of the wasm best behind all others.
import wasmBytes from "#wasm";

supply(() => new WebAssembly.Module(wasmBytes()));
