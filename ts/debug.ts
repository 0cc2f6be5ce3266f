/**
 * What a wire does, for people to look at: a structured log that is switched at run time, and User Timing
 * measures. It watches from outside, by the events and the `stats()` of any wire.
 * @module
 */
import type { WireState } from "./events.ts";
import type { Wire } from "./wire.ts";

/** A `Wire` of whatever entry and whatever messages. */
export type Watched = Pick<Wire<any, any>, "addEventListener" | "state" | "stats">;

/** One line of the log. It holds no message, no token, no close reason, and no URL beyond its path. */
export interface LogEntry {
  /** Milliseconds, on the clock of `performance.now()`. */
  readonly time: number;
  /** The name given to `log`. */
  readonly wire: string;
  /** What happened; `watched` when the log began. */
  readonly event: "watched" | (typeof EVENTS)[number];
  /** Of `watched` and `statechange`, with what else the state tells, flat. */
  readonly state?: WireState["name"];
  readonly phase?: string;
  readonly attempt?: number;
  readonly delay?: number;
  /** Why the wire waits, is suspended or closed; the cause of a `close`. */
  readonly reason?: string;
  /** How a connection ended: its close code, and whether by a closing handshake. */
  readonly close?: number;
  readonly wasClean?: boolean;
  /** Of `close`: no attempt follows by itself. */
  readonly last?: boolean;
  /** Of `error`: the code of the `WireError`. */
  readonly error?: string;
  /** Of `dial`: without query, fragment, user and password. */
  readonly url?: string;
  /** Of `pong`. */
  readonly rtt?: number;
  readonly smoothed?: number;
  /** Messages waiting, and sends settled so far, after the event. */
  readonly queued: number;
  readonly handedOver: number;
  readonly notSent: number;
}

const EVENTS = ["statechange", "dial", "open", "ping", "pong", "evicted", "error", "close"] as const;
const KEY = "everwire:debug";
/** The most measures of one name that a wire leaves in the browser's timeline. */
const KEPT = 100;

/**
 * Gives every event to `to` as an entry; without it, to `console.debug` for as long as localStorage holds
 * something under `everwire:debug`. The key is read anew for each entry, so it can be switched at any
 * time. Where there is no localStorage, in workers and outside browsers, only `to` works. Returns a
 * function that ends it.
 */
export function log(
  wire: Watched,
  { name = "wire", to }: { name?: string; to?: (entry: LogEntry) => void } = {},
): () => void {
  const write = (event: LogEntry["event"], { timeStamp }: Event, details: object) => {
    if (!to && !switchedOn()) return;
    const { sent, notSent, queue } = wire.stats();
    const entry: LogEntry = {
      time: timeStamp,
      wire: name,
      event,
      ...details,
      queued: queue.messages,
      handedOver: sent.messages,
      notSent: Object.values(notSent).reduce((sum, count) => sum + count, 0),
    };
    if (to) to(entry);
    else console.debug("everwire", entry);
  };
  const over = new AbortController();
  for (const type of EVENTS) {
    const listener = (event: Event) => write(type, event, details(event as Event & Details));
    wire.addEventListener(type, listener, { signal: over.signal });
  }
  write("watched", new Event("watched"), details({ state: wire.state }));
  return () => over.abort();
}

/**
 * Measures by User Timing how long a wire stays in each state, as `everwire:STATE`, and every round trip,
 * as `everwire:rtt`; `detail` holds the wire's name. At most 100 of a name are kept for each wire: then
 * the name is cleared. Performance observers see all. Returns a function that ends it.
 */
export function measure(wire: Watched, { name = "wire" }: { name?: string } = {}): () => void {
  const counts: Record<string, number> = {};
  const note = (what: string, start: number, end: number) => {
    const measured = `everwire:${what}`;
    const count = (counts[what] ?? 0) + 1;
    counts[what] = count % KEPT;
    // The clock of an event may be coarser than that of the core.
    performance.measure(measured, { start: Math.min(start, end), end, detail: { wire: name } });
    if (count === KEPT) performance.clearMeasures(measured);
  };
  const over = new AbortController();
  const until = { signal: over.signal };
  const { startedAt, openedAt } = wire.stats();
  let current = wire.state.name;
  let since = current === "open" ? openedAt : current === "connecting" ? startedAt : undefined;
  wire.addEventListener(
    "statechange",
    ({ state, timeStamp }) => {
      if (state.name === current) return;
      if (since !== undefined) note(current, since, timeStamp);
      [current, since] = [state.name, timeStamp];
    },
    until,
  );
  wire.addEventListener("pong", ({ rtt, timeStamp }) => note("rtt", timeStamp - rtt, timeStamp), until);
  return () => over.abort();
}

/** What the events of a wire carry. */
interface Details {
  readonly state?: WireState;
  readonly url?: string;
  readonly rtt?: number;
  readonly smoothed?: number;
  readonly error?: { readonly code: string };
  readonly cause?: string;
  readonly code?: number;
  readonly wasClean?: boolean;
  readonly last?: boolean;
}

/** What may be written down. */
function details({ state, url, rtt, smoothed, error, cause, code, wasClean, last }: Details): object {
  if (state) {
    const { name, close, until, ...rest } = { close: undefined, until: undefined, ...state };
    return { state: name, ...rest, ...(close && { close: close.code, wasClean: close.wasClean }) };
  }
  if (url !== undefined) return { url };
  if (rtt !== undefined) return { rtt, smoothed };
  if (error) return { error: error.code };
  return cause === undefined ? {} : { reason: cause, close: code, wasClean, last };
}

/** Reading it throws where storage is forbidden, as in sandboxed frames. */
function switchedOn(): boolean {
  try {
    return Boolean(globalThis.localStorage?.getItem(KEY));
  } catch {
    return false;
  }
}
