// What page and worker say to each other: `[EVERWIRE, which wire, which method, ...its arguments]`.
import type { Hears } from "#face";
import type { Raw } from "../codec.ts";

/** So that a worker and a page may have other talk too. */
export const EVERWIRE = "everwire";
/** In the place of a wire, for what concerns the worker as a whole. */
export const WHOLE = -1;

/** What the page tells the worker. */
export interface ToWorker {
  /** A new wire, with the core's options. */
  open(numbers: number[], flags: number): void;
  /** As the core's `act`; `text` is what was laid ready. */
  command(what: number, a: number, b: number, c: number, text?: string): void;
  /** The answer to a question for the target: where to connect, or undefined if that failed. */
  target(ticket: number, url?: string, protocols?: string[]): void;
  /** A message by the page's number, and that of the one whose place it takes; -1 for none. */
  send(message: number, data: unknown, length: number, lane: number, ttl: number, replaced: number): void;
  /** Sent past the queue, on this link: a greeting, or the ping that was asked for, which may be `always` the same. */
  past(link: number, data: unknown, always?: boolean): void;
  /** What the page has found a message on this link to be. */
  found(link: number, kind: number): void;
  /** So much of what was passed on has been dealt with. */
  taken(messages: number, size: number): void;
  /** Tell how the socket is. */
  sample(): void;
  /** The wire is closed, and the page has forgotten it. */
  forget(): void;
}

/** What the worker tells the page. */
export interface ToPage {
  /** It runs; its clock began at this time. */
  hello(timeOrigin: number): void;
  /** It does what it is told from now on, and holds a lock of this name for as long as it lives, or none. */
  serves(lock: string | undefined): void;
  /** It has stopped. */
  lost(code: "WasmTrap" | "WasmUnavailable", cause: unknown): void;
  /** What the core in the worker has told or asked. */
  hear(...heard: Parameters<Hears["hear"]>): void;
  /** By the core's number, as a receipt takes it. */
  settled(message: number, reason: number): void;
  message(raw: string | ArrayBuffer, link: number): void;
  /** The socket as it is, and when the first attempt was made and the wire last opened, in microseconds. */
  socket(protocol: string, extensions: string, bufferedAmount: number, started: number, opened: number): void;
  /** What the WebSocket constructor threw, before the event that tells of it. */
  thrown(error: unknown): void;
  /** The page is too slow: the wire has hung up until it has caught up. */
  behind(): void;
}

export type Name<Talk> = Extract<keyof Talk, string>;
export type Args<Talk, N extends Name<Talk>> = Talk[N] extends (...args: infer A) => void ? A : never;

/** Whether this came from the other side, and is not some other talk of theirs. */
export const isOurs = (data: unknown): data is [string, number, string, ...unknown[]] =>
  Array.isArray(data) && data[0] === EVERWIRE;

/** What a passed-on message counts for: bytes, or a string's units. */
export const sizeOf = (raw: Raw): number =>
  typeof raw === "string" ? raw.length : ((raw as ArrayBuffer).byteLength ?? 0);
