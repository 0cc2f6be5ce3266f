import { OF_SESSIONS } from "./session-texts.ts";

/** The last are of `everwire/worker` and `everwire/session`. */
export type WireErrorCode =
  | Exclude<keyof typeof TEXTS, keyof typeof OF_SESSIONS>
  | "WorkerUnavailable"
  | "WorkerLost"
  | keyof typeof OF_SESSIONS;

/** How a connection ended, as the browser's `CloseEvent` tells it. */
export interface WireClose {
  /** 1005 when the server gave none, 1006 when there was no close frame at all. */
  readonly code: number;
  readonly reason: string;
  /** Whether both ends completed the closing handshake. */
  readonly wasClean: boolean;
}

/** What happened, why, and what to do next. */
export class WireError extends Error {
  override readonly name = "WireError";
  /** What a program decides by. */
  declare readonly code: WireErrorCode;
  /** How the connection ended, if one did. */
  declare readonly close: WireClose | undefined;
  /** The message concerned, given back: what was to be sent, or the raw data that arrived. */
  declare readonly data: unknown;

  constructor(
    code: WireErrorCode,
    more: { text?: string; cause?: unknown; close?: WireClose; data?: unknown } = {},
  ) {
    super(more.text ?? TEXTS[code as keyof typeof TEXTS], more);
    this.code = code;
    this.close = more.close;
    this.data = more.data;
  }
}

const RETRIED = " The wire tries again; messages wait in its queue.";

/**
 * Why something failed, a wire waits or is closed, and what an error says of it. The first twenty-three are the core's
 * causes, in its order; those without a text are no errors.
 */
export const TEXTS = {
  Started: "",
  Requested: "",
  Online: "",
  ServerClosed: "The server ended the connection; see close.code and close.reason.",
  DialFailed:
    "The connection could not be opened. Browsers do not tell why: the server may be down, its certificate unknown, or it refused path, origin, token or subprotocol." +
    RETRIED,
  ConnectTimeout: "The attempt was not ready within reconnect.connectTimeout." + RETRIED,
  ProviderFailed: "The url or protocols function failed; see cause." + RETRIED,
  GreetingFailed: "The greet function failed; see cause." + RETRIED,
  HeartbeatTimeout:
    "Nothing arrived within heartbeat.timeout after a ping: the link was taken for dead." + RETRIED,
  IdleTimeout: "Nothing arrived for idleTimeout: the link was taken for dead." + RETRIED,
  InvalidUrl: "The URL cannot be used for a WebSocket. Give an absolute ws: or wss: URL.",
  InvalidProtocols: "The subprotocols cannot be used. Give distinct names without spaces, commas or slashes.",
  MixedContent: "A page loaded by https may not open a ws: connection. Use wss:.",
  ContentBlocked: "The page's Content-Security-Policy forbids the connection. Add the server to connect-src.",
  ConstructorFailed: "The WebSocket constructor threw; see cause.",
  ClosedByApplication: "The wire is closed: close() was called. reconnect() opens it again.",
  GaveUp: "Every attempt that the policy allows has failed. reconnect() starts afresh.",
  Offline: "",
  Suspended: "",
  Resumed: "",
  Slept: "",
  Cached: "",
  Frozen: "",
  ...(SESSION ? OF_SESSIONS : {}),
  WasmTrap:
    "The WebAssembly stopped: the wire is closed, and waiting messages are given back. A new Wire works. Please report the cause.",
  WasmUnavailable:
    "WebAssembly cannot start; see cause. If the page has a Content-Security-Policy, add 'wasm-unsafe-eval' to script-src; otherwise the browser is too old.",
  NotInitialized: "everwire/url needs `await init()` before the first Wire.",
  // Which one, and what it may be, only who finds it can say.
  InvalidOption: "",
  InvalidMessage: "The message cannot be encoded and was not sent; it is in data. See cause.",
  InvalidClose: "close() takes code 1000 or 3000 to 4999.",
  Undecodable: "A message arrived that the codec cannot decode; it is in data. See cause.",
  InboundOverflow:
    "The loop over the wire is slower than its messages; later ones were lost. Read faster, or raise inbox.",
};

const CODES = /* @__PURE__ */ Object.keys(TEXTS) as WireErrorCode[];

/** The core's number for a cause, by name. */
export const codeOf = (cause: number): WireErrorCode => CODES[cause] ?? "ServerClosed";

/** Tells the page of an exception without letting it stop anything, as the platform does for listeners. */
export const report = (error: unknown): void => {
  if (typeof reportError === "function") reportError(error);
  else void Promise.reject(error);
};
