import { task } from "./tasks.ts";

/** One direction of a connection: what is put in happens in that order, each in a task of its own, not before its time. */
export class Lane {
  readonly #waiting: { ready: boolean; run(): void }[] = [];
  #held = false;

  /** `latency` is in milliseconds, on the clock that the host has, or that a test has put in its place. */
  put(latency: number, run: () => void): void {
    const parcel = { ready: false, run };
    this.#waiting.push(parcel);
    const arrived = () => {
      parcel.ready = true;
      this.#next();
    };
    if (latency > 0) setTimeout(arrived, latency);
    else task(arrived);
  }

  /** Nothing comes out any more, until `release()`. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    task(() => this.#next());
  }

  /** What is under way never comes out. */
  cut(): void {
    this.#waiting.length = 0;
  }

  #next(): void {
    if (this.#held || !this.#waiting[0]?.ready) return;
    this.#waiting.shift()?.run();
    if (this.#waiting[0]?.ready) task(() => this.#next());
  }
}
