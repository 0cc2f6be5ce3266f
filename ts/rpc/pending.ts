// Requests of this side that wait for an answer, over a wire that knows nothing of them.
import type { Receipt } from "../receipt.ts";
import { failure, notSent } from "../rpc-error.ts";
import type { RequestOptions } from "../rpc-options.ts";
import type { Wire } from "../wire.ts";
import { atLeast } from "./check.ts";

export type Id = string | number;

/** A request, until it is answered or cannot be any more. */
interface Waiting {
  readonly resolve: (answer: any) => void;
  readonly reject: (error: unknown) => void;
  /** Aborted when it is over: then it listens to nothing. */
  readonly over: AbortController;
  receipt: Receipt<any, any> | undefined;
  /** Nothing else is in the same message, so it can be taken back. */
  alone: boolean;
}

export class Pending {
  readonly #waiting = new Map<Id, Waiting>();
  readonly #timeout: number;
  readonly #max: number;

  constructor(
    wire: Wire<any, any, any, any>,
    { timeout = 30_000, maxPending = 1_000 }: { timeout?: number; maxPending?: number },
    until: AbortSignal,
  ) {
    if ("inFlight" in wire)
      throw new TypeError("A SessionWire has requests of its own: call its request() and respond().");
    this.#timeout = checkTimeout(timeout);
    this.#max = atLeast(1, "maxPending", maxPending);
    wire.addEventListener("statechange", ({ state }) => this.#went(state.name), { signal: until });
    until.addEventListener("abort", () => this.#end());
  }

  get size(): number {
    return this.#waiting.size;
  }

  has(id: Id): boolean {
    return this.#waiting.has(id);
  }

  /** A request that is about to be sent. Throws if it cannot be. */
  add(id: Id, { timeout = this.#timeout, signal }: RequestOptions): Promise<any> {
    signal?.throwIfAborted();
    checkTimeout(timeout);
    if (this.has(id))
      throw new TypeError(`A request with the id ${id} waits already; nextId must not repeat itself.`);
    if (this.size >= this.#max) throw failure("too-many");
    const over = new AbortController();
    const until = { signal: over.signal };
    const answer = new Promise((resolve, reject) =>
      this.#waiting.set(id, { resolve, reject, over, receipt: undefined, alone: false }),
    );
    signal?.addEventListener("abort", () => this.#giveUp(id, () => signal.reason), until);
    if (timeout < Infinity)
      AbortSignal.timeout(timeout).addEventListener(
        "abort",
        () => this.#giveUp(id, (sent) => failure("timed-out", sent)),
        until,
      );
    return answer;
  }

  /** Sends the message that these are in. What `send` throws, they reject with; it is thrown if there are none. */
  sent(ids: readonly Id[], alone: boolean, send: () => Receipt<any, any>): void {
    let receipt: Receipt<any, any>;
    try {
      receipt = send();
    } catch (error) {
      if (ids.length === 0) throw error;
      for (const id of ids) this.reject(id, error);
      return;
    }
    for (const id of ids) {
      const waiting = this.#waiting.get(id);
      if (waiting) Object.assign(waiting, { receipt, alone });
    }
    void receipt.settled.then(({ outcome, reason }) => {
      for (const id of ids) {
        if (outcome === "not-sent") this.reject(id, notSent(reason));
        else if (outcome === "in-doubt") this.reject(id, failure("lost", true));
      }
    });
  }

  resolve(id: Id, answer: unknown): void {
    this.#take(id)?.resolve(answer);
  }

  reject(id: Id, error: unknown): void {
    this.#take(id)?.reject(error);
  }

  #take(id: Id): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.over.abort();
    return waiting;
  }

  /** `why` is told whether the request may have been sent. */
  #giveUp(id: Id, why: (sent: boolean) => unknown): void {
    const waiting = this.#take(id);
    const { receipt } = waiting ?? {};
    const taken = waiting?.alone && receipt?.withdraw();
    waiting?.reject(why(!taken && receipt?.result?.outcome !== "not-sent"));
  }

  /** What the browser took for a connection that is no more, nobody will answer. What waits may still leave. */
  #went(state: string): void {
    if (state === "open") return;
    const over = state === "closing" || state === "closed";
    for (const [id, { receipt }] of this.#waiting) {
      const outcome = receipt?.result?.outcome;
      if (outcome === "handed-over") this.reject(id, failure(over ? "closed" : "lost", true));
    }
  }

  #end(): void {
    for (const id of [...this.#waiting.keys()]) this.#giveUp(id, (sent) => failure("ended", sent));
  }
}

function checkTimeout(timeout: number): number {
  // Some hosts take a longer one for none at all.
  if (timeout === Infinity || (timeout >= 0 && timeout < 2 ** 31)) return timeout;
  throw new TypeError(
    `timeout must be milliseconds from 0 to ${2 ** 31 - 1}, or Infinity; given: ${timeout}.`,
  );
}
