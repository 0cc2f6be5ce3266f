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
const GROUPS = ["reconnect", "heartbeat", "queue", "inbox", ...(SESSION ? ["limits"] : [])];
const OVERFLOW = ["reject", "drop-oldest", "drop-newest"] as const;
const ON_LOSS = ["resend-unsent", "report"];

/** Names of options, what these must be, and whether a value is that: if its type does not say so. */
type Rule = readonly [names: readonly string[], allowed?: string, fits?: (value: any) => boolean];

const OF_SESSIONS: readonly Rule[] = [
  [["onSessionLost"], '"resend-unsent" or "report"', (value) => ON_LOSS.includes(value)],
  [["manualAck"], "a boolean"],
  [
    ["token"],
    "a string, a Uint8Array or a function that gives one",
    (value) => ["string", "function"].includes(typeof value) || value instanceof Uint8Array,
  ],
];

const RULES: readonly Rule[] = [
  [NUMBERS, "a number"],
  [FUNCTIONS, "a function"],
  [
    INBOX,
    "a number from 1 to 4294967295",
    (value) => typeof value === "number" && value >= 1 && value < 2 ** 32,
  ],
  [
    ["codec"],
    "json, text, bytes, blob, raw, or an object with encode and decode",
    (value) => {
      const codec = readCodec(value) as Partial<Codec> | null | undefined;
      return typeof codec?.encode === "function" && typeof codec.decode === "function";
    },
  ],
  [["queue.overflow"], '"reject" or "drop-oldest" or "drop-newest"', (value) => OVERFLOW.includes(value)],
  [["discriminant"], "a string"],
  [["signal"], "an AbortSignal", (value) => value instanceof AbortSignal],
  [["idle", ...(SESSION ? [] : ["protocols", "heartbeat.ping"])]],
  ...(SESSION ? OF_SESSIONS : []),
];

/** @internal What the core is told, checked as far as TypeScript can; the core checks the ranges. */
export const readOptions = <In, Out>(
  url: unknown,
  options: WireOptions<In, Out>,
): { numbers: number[]; flags: number } => {
  const urls: unknown[] = [url].flat();
  if (typeof url !== "function" && !(urls.length > 0 && urls.every(isUrl))) {
    throw wrong("url", "a string, a URL, a list of them or a function", url);
  }
  const given = read(options);
  const numbers = NUMBERS.map((name) => (given.get(name) as number | undefined) ?? NaN);
  if (!SESSION && options.heartbeat && given.get("heartbeat.ping") === undefined) {
    throw wrong("heartbeat.ping", "what a ping looks like: text, bytes, a message or a function", undefined);
  }
  const { heartbeat, greet, isWelcome, reconnect, queue } = options;
  let flags = OVERFLOW.indexOf(queue?.overflow ?? "reject");
  [heartbeat, greet, isWelcome, reconnect?.delay || reconnect?.shouldReconnect].forEach((option, i) => {
    if (option) flags |= 4 << i;
  });
  return { numbers, flags: SESSION ? flags | sessionFlags(given) : flags };
};

/** Whether this can be taken for a URL. Nothing else is: "undefined" would be a path on the page's own host. */
export const isUrl = (url: unknown): boolean => typeof url === "string" || url instanceof URL;

/** The core's refusal of a number, as an error. */
export const wrongNumber = (core: Core, index: number, given: number | undefined): WireError => {
  const [min, max, unlimited] = [0, 1, 2].map((what) => core.range(index, what));
  const allowed = `a number from ${min} to ${max}${unlimited ? ", or Infinity" : ""}`;
  return wrong(NUMBERS[index] ?? "", allowed, given);
};

/** The codec by name or by itself. */
export const readCodec = (codec: CodecName | Codec | undefined): Codec =>
  typeof codec === "object" ? codec : CODECS[codec ?? "json"];

/** Options by their names, those in groups by both names. */
const read = (options: unknown, group = "", given = new Map<string, unknown>()): typeof given => {
  if (typeof options !== "object" || options === null) throw wrong(group || "options", "an object", options);
  for (const [inner, value] of Object.entries(options)) {
    const name = group ? `${group}.${inner}` : inner;
    if (!GROUPS.includes(name)) given.set(name, checked(name, value));
    else if (value !== undefined) read(value, name, given);
  }
  return given;
};

const checked = (name: string, value: unknown): unknown => {
  const rule = RULES.find(([names]) => names.includes(name));
  if (!rule) {
    const all = RULES.flatMap(([names]) => names).sort();
    throw new WireError("InvalidOption", {
      text: `There is no option ${name}. There are: ${all.join(", ")}.`,
    });
  }
  const [, allowed, fits = () => `a ${typeof value}` === allowed && value === value] = rule;
  // A token is told to nobody.
  if (allowed && value !== undefined && !fits(value))
    throw wrong(name, allowed, SESSION && name === "token" ? "***" : value);
  return value;
};

const sessionFlags = (given: Map<string, unknown>): number =>
  (given.get("onSessionLost") === ON_LOSS[1] ? 128 : 0) | (given.get("manualAck") ? 256 : 0);

/** @internal An error that says what something may be. `data`: the message concerned. */
export const wrong = (name: string, allowed: string, given: unknown, data?: unknown): WireError => {
  const shown =
    typeof given === "string"
      ? JSON.stringify(given.slice(0, 40))
      : typeof given === "object" && given
        ? "an object"
        : String(given).slice(0, 40);
  return new WireError("InvalidOption", { text: `${name} must be ${allowed}; given: ${shown}.`, data });
};
