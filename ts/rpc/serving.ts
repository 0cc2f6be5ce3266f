// Requests of the other side, as long as they are worked on.
import { report } from "../errors.ts";
import type { Wire } from "../wire.ts";
import { atLeast } from "./check.ts";

export class Serving {
  readonly #max: number;
  #running = 0;
  /** Aborted when the connection ends: its requests end with it, and no answer to them leaves on another. */
  #connection = new AbortController();

  constructor(
    wire: Wire<any, any, any, any>,
    { maxServing = 1_000 }: { maxServing?: number },
    until: AbortSignal,
  ) {
    this.#max = atLeast(1, "maxServing", maxServing);
    const cut = () => {
      const connection = this.#connection;
      this.#connection = new AbortController();
      connection.abort();
    };
    // What arrives before a wire is open belongs to the connection that opens.
    let open = wire.state.name === "open";
    wire.addEventListener(
      "statechange",
      ({ state }) => {
        if (open || (state.name !== "connecting" && state.name !== "open")) cut();
        open = state.name === "open";
      },
      { signal: until },
    );
    until.addEventListener("abort", cut);
  }

  /** Aborted when nobody waits for an answer to what has just arrived. */
  get signal(): AbortSignal {
    return this.#connection.signal;
  }

  get full(): boolean {
    return this.#running >= this.#max;
  }

  /** Counts as one that is worked on. */
  async run<T>(work: () => T): Promise<Awaited<T>> {
    this.#running++;
    try {
      return await work();
    } finally {
      this.#running--;
    }
  }

  /** Sends an answer if anybody waits for it; if it cannot be encoded, `instead`. */
  answer(signal: AbortSignal, send: () => unknown, instead: (error: unknown) => unknown): void {
    if (signal.aborted) return;
    try {
      send();
    } catch (error) {
      report(error);
      try {
        instead(error);
      } catch (worse) {
        report(worse);
      }
    }
  }
}
