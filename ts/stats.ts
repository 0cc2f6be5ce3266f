import { slept } from "#face";
import * as core from "./core.ts";
import { type NotSentReason, REASONS } from "./receipt.ts";

/**
 * What a wire has done since it was made, or since `reconnect()` after a `WasmTrap`. Counted is what has
 * a receipt, and what arrives for the application: neither greetings nor pings and pongs. Bytes are those
 * of the payload, text as UTF-8; frame headers and compression are not seen.
 */
export interface WireStats {
  /** What the browser took: the sends that settled as handed over. */
  readonly sent: Tally;
  /** What arrived, undecodable messages included. */
  readonly received: Tally;
  /** What waits. */
  readonly queue: Tally;
  /** Sends that settled as not sent, by reason. A send whose `signal` was aborted before it is not counted. */
  readonly notSent: Readonly<Record<NotSentReason, number>>;
  /** Attempts to connect: how often the URL was asked for. */
  readonly attempts: number;
  /** How often the wire became open again, after the first time. */
  readonly reconnects: number;
  /** Round trips in milliseconds, once a pong has matched a ping. */
  readonly rtt: { readonly last: number; readonly smoothed: number } | undefined;
  /** When the first attempt was made, on the clock of `performance.now()`. */
  readonly startedAt: number | undefined;
  /** When the wire last became open, on the same clock. */
  readonly openedAt: number | undefined;
}

interface Tally {
  readonly messages: number;
  readonly bytes: number;
}

/** The core counts; `read` asks it by number. */
export const readStats = (rtt: WireStats["rtt"], read: (number: number) => number): WireStats => {
  const time = (number: number) => (read(number) ? read(number) / 1_000 - slept() : undefined);
  const tally = (number: number): Tally => ({ messages: read(number + 1), bytes: read(number) });
  return {
    sent: tally(core.BYTES_OUT),
    received: tally(core.BYTES_IN),
    queue: tally(core.QUEUED_BYTES),
    notSent: Object.fromEntries(
      REASONS.map((reason, i) => [reason, read(core.NOT_SENT + i)]),
    ) as WireStats["notSent"],
    attempts: read(core.ATTEMPTS),
    reconnects: Math.max(0, read(core.OPENS) - 1),
    rtt,
    startedAt: time(core.STARTED),
    openedAt: time(core.LAST_OPENED),
  };
};
