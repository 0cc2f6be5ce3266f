import type { WireClose, WireError, WireErrorCode } from "./errors.ts";
import type { Receipt, Settled } from "./receipt.ts";

/** Where a wire stands. */
export type WireState =
  /** Nothing has been asked of it yet, or there is no WebSocket here. Messages queue. */
  | { readonly name: "idle" }
  /** An attempt is under way. Messages queue. */
  | {
      readonly name: "connecting";
      readonly phase: "resolving" | "dialing" | "handshaking";
      readonly attempt: number;
    }
  /** Messages leave. */
  | { readonly name: "open" }
  /** The next attempt is set. Messages queue. */
  | {
      readonly name: "waiting";
      /** Which attempt since the last stable link that will be, from 1. */
      readonly attempt: number;
      /** The whole wait, in milliseconds. */
      readonly delay: number;
      /** When it ends, on the clock of `performance.now()`. */
      readonly until: number;
      readonly reason: WireErrorCode;
      readonly close: WireClose;
    }
  /**
   * No attempt is made until the network is back (`Offline`), the page is back from the back/forward cache (`Cached`) or
   * goes on after a freeze (`Frozen`), or `reconnect()` is called (`Suspended`, and any other). Messages queue.
   */
  | { readonly name: "suspended"; readonly reason: WireErrorCode }
  /** The closing handshake is under way. */
  | { readonly name: "closing" }
  /** Over, unless `reconnect()` starts afresh. */
  | { readonly name: "closed"; readonly reason: WireErrorCode; readonly close: WireClose };

export interface WireEventMap<In, Out, End = Settled<Out>> {
  /** Messages leave from now on. */
  open: WireEvent;
  /** An open wire is no longer open, or it is over for good (`last`). */
  close: WireEvent<WireClosed>;
  /** Something failed. What the wire does next is in its state. */
  error: WireEvent<{ readonly error: WireError }>;
  /** A socket is about to be constructed. Of its URL, the parts that can hold tokens are left out: user, password, query. */
  dial: WireEvent<{ readonly url: string }>;
  /** A ping is about to be sent. */
  ping: WireEvent;
  statechange: WireEvent<{ readonly state: WireState }>;
  message: WireEvent<{ readonly data: In }>;
  /** A waiting message gave way to another. */
  evicted: WireEvent<{ readonly receipt: Receipt<Out, End> }>;
  /** A pong matched a ping; milliseconds. */
  pong: WireEvent<{ readonly rtt: number; readonly smoothed: number }>;
}

export interface WireClosed extends WireClose {
  /** The code by which a program decides: `ServerClosed`, `ClosedByApplication`, `GaveUp`, ... */
  readonly cause: WireErrorCode;
  /** Whether no attempt follows by itself. */
  readonly last: boolean;
}

/** An event with its details on it. */
export type WireEvent<Details = unknown> = Event & Details;

export const wireEvent = <Details extends object>(type: string, details: Details): WireEvent<Details> =>
  Object.assign(new Event(type), details);
