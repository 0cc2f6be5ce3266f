/// <reference lib="esnext.disposable" preserve="true" />
import { settled } from "./testing/tasks.ts";

interface Timer {
  readonly due: number;
  run(): void;
}

/** What `setTimeout` gives: as in Node, and as good in a page, where nobody looks at it. */
class Handle {
  readonly id: number;

  constructor(id: number) {
    this.id = id;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  [Symbol.toPrimitive](): number {
    return this.id;
  }
}

/** More than this at one moment, and they would go on for ever. */
const TOO_MANY = 1_000;
/** The longest that a timer of a browser or of Node waits; what is longer is due at once. */
const LONGEST = 2 ** 31 - 1;

/**
 * A clock that stands still until it is told to move. From its making to `restore()` it takes the place of what Everwire
 * reads the time from: `setTimeout`, `clearTimeout`, `AbortSignal.timeout`, `performance.now` and `Date.now`. Nothing else
 * is faked.
 */
export class FakeClock {
  static #installed: FakeClock | undefined;
  readonly #timers = new Map<number, Timer>();
  readonly #before: (() => void)[] = [];
  #last = 0;
  #now: number;
  /** How far the calendar is ahead of `#now`. */
  #ahead: number;

  /** Starts at the present millisecond. Throws if another one is installed. */
  constructor() {
    if (FakeClock.#installed)
      throw new Error("A FakeClock is installed already. Call its restore() before making another.");
    FakeClock.#installed = this;
    // Whole milliseconds, so that differences are.
    this.#now = Math.ceil(performance.now());
    this.#ahead = Date.now() - this.#now;
    const { clearTimeout } = globalThis;
    this.#replace(
      globalThis,
      "setTimeout",
      (run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
        const wait = Math.max(0, Number(ms) || 0);
        this.#timers.set(++this.#last, {
          due: this.#now + (wait > LONGEST ? 0 : wait),
          run: () => run(...args),
        });
        return new Handle(this.#last);
      },
    );
    this.#replace(globalThis, "clearTimeout", (handle: unknown) => {
      if (!(handle instanceof Handle)) return clearTimeout(handle as number);
      this.#timers.delete(handle.id);
    });
    this.#replace(AbortSignal, "timeout", (ms: number) => {
      const over = new AbortController();
      setTimeout(() => over.abort(new DOMException("signal timed out", "TimeoutError")), ms);
      return over.signal;
    });
    this.#replace(performance, "now", () => this.#now);
    this.#replace(Date, "now", () => Math.floor(this.#now + this.#ahead));
  }

  /** Timers that are set and have not run. */
  get timers(): number {
    return this.#timers.size;
  }

  /**
   * Moves by so many milliseconds. Timers run when they are due, in their order, and between two of them everything
   * happens that follows: promises, and events of the fake network.
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`advance() takes milliseconds, 0 or more; given: ${ms}.`);
    const until = this.#now + ms;
    await settled();
    for (let count = 0, first; (first = this.#first()) && first[1].due <= until;) {
      count = first[1].due > this.#now ? 0 : count + 1;
      if (count === TOO_MANY)
        throw new Error(`${TOO_MANY} timers have run at one moment: one sets the next, without end.`);
      await this.#run(...first);
    }
    this.#now = Math.max(this.#now, until);
  }

  /** Moves to the next timer and runs it. Resolves with the milliseconds that took. Throws if no timer is set. */
  async next(): Promise<number> {
    await settled();
    const first = this.#first();
    if (!first) throw new Error("No timer is set: nothing would happen, however long one waits.");
    const before = this.#now;
    await this.#run(...first);
    return this.#now - before;
  }

  /**
   * The machine sleeps: the calendar moves by so many milliseconds and `performance.now()` does not, as on many
   * systems, and no timer comes nearer. A wire notices it at its next timer or event, if it is more than 30 s.
   */
  sleep(ms: number): void {
    this.#ahead += ms;
  }

  /** Puts everything back that was there before. Timers that are still set never run. */
  restore(): void {
    if (FakeClock.#installed !== this) return;
    for (const putBack of this.#before.splice(0).reverse()) putBack();
    this.#timers.clear();
    FakeClock.#installed = undefined;
  }

  /** `restore()`, at the end of a block in which the clock is declared by `using`. */
  [Symbol.dispose](): void {
    this.restore();
  }

  #first(): [number, Timer] | undefined {
    let first: [number, Timer] | undefined;
    for (const entry of this.#timers) if (!first || entry[1].due < first[1].due) first = entry;
    return first;
  }

  async #run(id: number, timer: Timer): Promise<void> {
    this.#timers.delete(id);
    this.#now = Math.max(this.#now, timer.due);
    timer.run();
    await settled();
  }

  #replace(owner: object, name: string, value: unknown): void {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    Object.defineProperty(owner, name, { value, writable: true, configurable: true, enumerable: true });
    this.#before.push(() =>
      before ? Object.defineProperty(owner, name, before) : Reflect.deleteProperty(owner, name),
    );
  }
}
