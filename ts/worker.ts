/**
 * Everwire with its connections in a worker, where timers keep their time when the page is hidden: `new Wire(url)`, as
 * in `everwire`. All wires of a page share one worker. Nothing happens at import.
 * @module
 */
import { WireError } from "./errors.ts";
import { wireEvent } from "./events.ts";
import type { WireOptions as AnyOptions } from "./options.ts";
import type { Receipt as AnyReceipt, Settled as Known } from "./receipt.ts";
import { Wire as AnyWire, type WireUrl } from "./wire.ts";
import { hasWorkers, supply } from "./worker/running.ts";
import { StandIn, standIns } from "./worker/standin.ts";

export type { Codec, CodecName, Raw } from "./codec.ts";
export { type WireClose, WireError, type WireErrorCode } from "./errors.ts";
export type { WireClosed, WireEvent, WireEventMap, WireState } from "./events.ts";
export type { Attempt, Greeting, Provided, Retry } from "./options.ts";
export type { NotSentReason } from "./receipt.ts";
export type { WireStats } from "./stats.ts";
export type { SendOptions, WireUrl } from "./wire.ts";

/** The worker stopped before it told what became of the message: nobody knows. */
export interface InDoubt<Out> {
  readonly outcome: "in-doubt";
  readonly reason: "stopped";
  readonly message: Out;
}

export type Settled<Out> = Known<Out> | InDoubt<Out>;
export type Receipt<Out = unknown> = AnyReceipt<Out, Settled<Out>>;

/** Those of `everwire`, but for the class of the WebSocket: that cannot cross into a worker. */
export type WireOptions<In = unknown, Out = In> = Omit<AnyOptions<In, Out>, "WebSocket">;

const BEHIND =
  "The page was too slow for what arrived: the wire has hung up, and connects again as soon as the page has caught up.";

/**
 * Says where the worker comes from, if not from the file `worker-host.js` beside this module: for bundlers that move
 * modules and leave files behind, and for a worker script of your own that imports `everwire/worker-host`. Called for
 * the first wire, and again for a later one when that worker has been ended, as it is with its last wire.
 */
export const init = (worker: () => Worker): void => {
  supply(worker);
};

/** A `Wire` whose connection lives in a worker. */
export class Wire<In = unknown, Out = In> extends AnyWire<In, Out, Settled<Out>> {
  /** As in `everwire`. */
  constructor(url: WireUrl, options: WireOptions<In, Out> = {}) {
    if ((options as AnyOptions | null)?.WebSocket) {
      throw new WireError("InvalidOption", {
        text: "WebSocket cannot be given here: a class cannot cross into a worker. Use everwire.",
      });
    }
    const behind = () =>
      this.dispatchEvent(wireEvent("error", { error: new WireError("InboundOverflow", { text: BEHIND }) }));
    const WebSocket = standIns(typeof options?.heartbeat?.ping === "function", () => void behind());
    super(url, hasWorkers() ? { ...options, WebSocket } : options);
  }

  override dispatchEvent(event: Event): boolean {
    const dials = event.type === "dial" && (StandIn.quiet || (event as { url?: unknown }).url === "");
    return dials || super.dispatchEvent(event);
  }
}
