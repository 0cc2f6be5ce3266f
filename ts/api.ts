export type { Codec, CodecName, Raw } from "./codec.ts";
export { type WireClose, WireError, type WireErrorCode } from "./errors.ts";
export type { WireClosed, WireEvent, WireEventMap, WireState } from "./events.ts";
export type { Attempt, Greeting, Provided, Retry, WebSocketClass, WireOptions } from "./options.ts";
export type { NotSentReason, Receipt, Settled } from "./receipt.ts";
export type { WireStats } from "./stats.ts";
export { type SendOptions, Wire, type WireUrl } from "./wire.ts";
