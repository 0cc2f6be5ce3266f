import { CODECS, type Codec, type CodecName, type Raw } from "./codec.ts";
import type { Core } from "./core.ts";
import { type WireClose, WireError, type WireErrorCode } from "./errors.ts";

/** A value, or a function asked at every attempt. */
export type Provided<T> = T | ((attempt: Attempt) => T | Promise<T>);

/** What a function that is asked at an attempt gets to know. */
export interface Attempt {
  /** Which attempt since the last stable link, from 1. */
  readonly attempt: number;
  /** Why it is made. */
  readonly reason: WireErrorCode;
  /** Aborted when the answer is of no use any more. */
  readonly signal: AbortSignal;
}

export interface Greeting<Out> {
  readonly attempt: number;
  /** Aborted when the link is of no use any more. */
  readonly signal: AbortSignal;
  /** Sends a message past the queue, through the codec. */
  send(message: Out): void;
  /** Sends text or bytes past the queue as they are. */
  sendRaw(data: Raw): void;
}

export interface Retry {
  /** The attempt it would be. */
  readonly attempt: number;
  readonly reason: WireErrorCode;
  readonly close: WireClose;
  /** Milliseconds since the wire was last stable. */
  readonly elapsed: number;
  /** Milliseconds that the back-off would wait. */
  readonly delay: number;
}

/** Times are in milliseconds, sizes in bytes. */
export interface WireOptions<In = unknown, Out = In> {
  /** Subprotocols to offer. Default: none. */
  protocols?: Provided<string | readonly string[]>;
  /** A name or a codec of your own. Default `"json"`. */
  codec?: CodecName | Codec<In, Out>;
  reconnect?: {
    /** Ceiling of the first retry's delay, which is drawn from 0 up to it. Default 250. */
    baseDelay?: number;
    /** Growth of that ceiling per retry. Default 2. */
    factor?: number;
    /** The ceiling grows no further. Default 30,000. */
    maxDelay?: number;
    /** Attempts in a row that may fail. Default `Infinity`. */
    maxAttempts?: number;
    /** From asking for the URL to open, greeting and welcome included. Default 10,000. */
    connectTimeout?: number;
    /** A link this old has proved stable, and earlier failures are forgotten. Default 5,000. */
    stableAfter?: number;
    /** Milliseconds to wait instead of the back-off's; `false` gives up. */
    delay?: (retry: Retry) => number | false;
    /** Overrides the close table. */
    shouldReconnect?: (close: WireClose, retry: Retry) => boolean;
  };
  heartbeat?: {
    /** From one ping to the next. Default 25,000. */
    interval?: number;
    /** From a ping until the link is taken for dead, unless anything arrives. Default 10,000. */
    timeout?: number;
    /** What a ping looks like: text and bytes go out as they are, anything else through the codec. */
    ping: Raw | Out | (() => Raw | Out);
    /** Recognises the answer, which is then not delivered and measures the round trip. */
    isPong?: (message: In | undefined, raw: string | ArrayBuffer) => boolean;
  };
  /** A link from which nothing arrives for this long is taken for dead. Default `Infinity`. */
  idleTimeout?: number;
  /** Sends first messages on every open, before the queue. It may take its time; `connectTimeout` bounds it. */
  greet?: (greeting: Greeting<Out>) => void | Promise<void>;
  /** Recognises the server's welcome; until then the queue is held. The message is delivered too. */
  isWelcome?: (message: In | undefined, raw: string | ArrayBuffer) => boolean;
  queue?: {
    /** Default 1,000. */
    maxMessages?: number;
    /** Also the size of the largest message accepted. Default 1,048,576. */
    maxBytes?: number;
    /** How long a message may wait. Default `Infinity`. */
    ttl?: number;
    /** What gives way when the queue is full. Default `"reject"`: the message that does not fit. */
    overflow?: (typeof OVERFLOW)[number];
  };
  /** Bounds of what a `for await` loop has not read yet. Default 1,000 messages, 1,048,576 bytes. */
  inbox?: { maxMessages?: number; maxBytes?: number };
  /** Messages wait while the socket's `bufferedAmount` is above this. Default 1,048,576. */
  highWaterMark?: number;
  /** How long `close()` waits for the server's close frame. Default 3,000. */
  closeTimeout?: number;
  /** The field that `on(type, handler)` tells messages apart by. Default `"type"`. */
  discriminant?: string;
  /** Makes no attempt, and queues, until `reconnect()` is called. Default false. */
  idle?: boolean;
  /** Closes the wire when aborted. */
  signal?: AbortSignal;
  /** A class of WebSocket's shape, such as Node's `ws`. Default: the window's or worker's own. */
  WebSocket?: WebSocketClass;
}

export type WebSocketClass = new (url: string, protocols?: string[]) => object;

/** The core's numbers, in its order. */
const NUMBERS = [
  "reconnect.baseDelay",
  "reconnect.factor",
  "reconnect.maxDelay",
  "reconnect.maxAttempts",
  "reconnect.connectTimeout",
  "reconnect.stableAfter",
  "heartbeat.interval",
  "heartbeat.timeout",
  "idleTimeout",
  "closeTimeout",
  "queue.maxMessages",
  "queue.maxBytes",
  "queue.ttl",
  "highWaterMark",
  ...(SESSION ? ["limits.maxFrame", "limits.window", "requestTimeout"] : []),
];
const FUNCTIONS = [
  "reconnect.delay",
  "reconnect.shouldReconnect",
  ...(SESSION ? [] : ["heartbeat.isPong", "greet", "isWelcome"]),
  "WebSocket",
];
const INBOX = ["inbox.maxMessages", "inbox.maxBytes"];
const OTHERS = [
  ...(SESSION ? ["token", "onSessionLost", "manualAck"] : ["protocols"]),
  "codec",
  ...(SESSION ? [] : ["heartbeat.ping"]),
  "queue.overflow",
  "discriminant",
  "idle",
  "signal",
];
const GROUPS = ["reconnect", "heartbeat", "queue", "inbox", ...(SESSION ? ["limits"] : [])];
const OVERFLOW = ["reject", "drop-oldest", "drop-newest"] as const;
const ON_LOSS = ["resend-unsent", "report"];

/** What the core is told, checked as far as TypeScript can; the core checks the ranges. */
export function readOptions<In, Out>(
  url: unknown,
  options: WireOptions<In, Out>,
): { numbers: number[]; flags: number } {
  const urls: unknown[] = Array.isArray(url) ? url : [url];
  if (typeof url !== "function" && !(urls.length > 0 && urls.every(isUrl))) {
    throw wrong("url", "a string, a URL, a list of them or a function", url);
  }
  const given = flatten(options as Record<string, unknown>);
  for (const [name, value] of given) check(name, value);
  const numbers = NUMBERS.map((name) => (given.get(name) as number | undefined) ?? NaN);
  if (!SESSION && options.heartbeat && given.get("heartbeat.ping") === undefined) {
    throw wrong("heartbeat.ping", "what a ping looks like: text, bytes, a message or a function", undefined);
  }
  const overflow = OVERFLOW.indexOf(options.queue?.overflow ?? "reject");
  const decides = options.reconnect?.delay || options.reconnect?.shouldReconnect;
  const flags =
    overflow |
    (options.heartbeat ? 4 : 0) |
    (options.greet ? 8 : 0) |
    (options.isWelcome ? 16 : 0) |
    (decides ? 32 : 0);
  return { numbers, flags: SESSION ? flags | sessionFlags(given) : flags };
}

/** Whether this can be taken for a URL. Nothing else is: "undefined" would be a path on the page's own host. */
export const isUrl = (url: unknown): boolean => typeof url === "string" || url instanceof URL;

/** The core's refusal of a number, as an error. */
export function wrongNumber(core: Core, index: number, given: number | undefined): WireError {
  const [min, max, unlimited] = [0, 1, 2].map((what) => core.range(index, what));
  const allowed = `a number from ${min} to ${max}${unlimited ? ", or Infinity" : ""}`;
  return wrong(NUMBERS[index] ?? "", allowed, given);
}

/** The codec by name or by itself. */
export function readCodec(codec: CodecName | Codec | undefined): Codec {
  return typeof codec === "object" ? codec : CODECS[codec ?? "json"];
}

function flatten(options: Record<string, unknown>): Map<string, unknown> {
  const flat = new Map<string, unknown>();
  if (typeof options !== "object" || options === null) throw wrong("options", "an object", options);
  for (const [name, value] of Object.entries(options)) {
    if (!GROUPS.includes(name)) flat.set(name, value);
    else if (value === undefined) continue;
    else if (typeof value !== "object" || value === null) throw wrong(name, "an object", value);
    else for (const [inner, innerValue] of Object.entries(value)) flat.set(`${name}.${inner}`, innerValue);
  }
  return flat;
}

function check(name: string, value: unknown): void {
  if (!known(name)) {
    const all = [...NUMBERS, ...FUNCTIONS, ...INBOX, ...OTHERS].sort();
    throw new WireError("InvalidOption", {
      text: `There is no option ${name}. There are: ${all.join(", ")}.`,
    });
  }
  if (value === undefined) return;
  if (
    (NUMBERS.includes(name) || INBOX.includes(name)) &&
    (typeof value !== "number" || Number.isNaN(value))
  ) {
    throw wrong(name, "a number", value);
  }
  if (INBOX.includes(name) && !(Number(value) >= 1 && Number(value) < 2 ** 32)) {
    throw wrong(name, `a number from 1 to ${2 ** 32 - 1}`, value);
  }
  if (FUNCTIONS.includes(name) && typeof value !== "function") throw wrong(name, "a function", value);
  if (name === "queue.overflow" && !OVERFLOW.includes(value as "reject")) {
    throw wrong(name, OVERFLOW.map((policy) => `"${policy}"`).join(" or "), value);
  }
  if (SESSION) checkSession(name, value);
  if (name === "codec") checkCodec(value as Partial<Codec> | string | null);
  if (name === "discriminant" && typeof value !== "string") throw wrong(name, "a string", value);
  if (name === "signal" && !(value instanceof AbortSignal)) throw wrong(name, "an AbortSignal", value);
}

const sessionFlags = (given: Map<string, unknown>): number =>
  (given.get("onSessionLost") === ON_LOSS[1] ? 128 : 0) | (given.get("manualAck") ? 256 : 0);

function checkSession(name: string, value: unknown): void {
  if (name === "onSessionLost" && !ON_LOSS.includes(value as string)) {
    throw wrong(name, ON_LOSS.map((what) => `"${what}"`).join(" or "), value);
  }
  if (name === "manualAck" && typeof value !== "boolean") throw wrong(name, "true or false", value);
  if (name === "token" && !["string", "function"].includes(typeof value) && !(value instanceof Uint8Array)) {
    throw wrong(name, "a string, a Uint8Array or a function that gives one", "***");
  }
}

function checkCodec(codec: Partial<Codec> | string | null): void {
  if (
    typeof codec === "string"
      ? Object.hasOwn(CODECS, codec)
      : typeof codec?.encode === "function" && typeof codec.decode === "function"
  )
    return;
  throw wrong("codec", `${Object.keys(CODECS).join(", ")}, or an object with encode and decode`, codec);
}

function known(name: string): boolean {
  return [NUMBERS, FUNCTIONS, INBOX, OTHERS].some((names) => names.includes(name));
}

function wrong(name: string, allowed: string, given: unknown): WireError {
  const shown =
    typeof given === "string"
      ? JSON.stringify(given.slice(0, 40))
      : typeof given === "object" && given
        ? "an object"
        : String(given).slice(0, 40);
  return new WireError("InvalidOption", { text: `${name} must be ${allowed}; given: ${shown}.` });
}
