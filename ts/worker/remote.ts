// The core, in a worker: what stands in the page for the wasm.
import { begin as clear, call, laidReason, read } from "#face";
import ranges from "#ranges";
import * as core from "../core.ts";
import { MemberWire } from "./member.ts";
import { begin } from "./running.ts";

export { used } from "./running.ts";

class Remote implements core.Core {
  /** Wires by number. One that is collected leaves its place empty. */
  readonly #wires: (MemberWire | undefined)[] = [];

  create(flags: number): number {
    const numbers = ranges.map((_, index) => read(index) ?? NaN);
    const wrong = ranges.findIndex(([min, max, unlimited], index) => {
      const given = numbers[index] ?? NaN;
      return given < min || (given > max && !(unlimited && given === Infinity));
    });
    if (wrong >= 0) return -1 - wrong;
    const empty = this.#wires.findIndex((wire) => !wire);
    const number = empty < 0 ? this.#wires.length : empty;
    const tell: MemberWire["tell"] = (
      what,
      a = 0,
      b = 0,
      c = 0,
      cause = 0,
      code = 0,
      clean = 0,
      reason = 0,
    ) => call(number, what, a, b, c, cause, code, clean, reason);
    this.#wires[number] = new MemberWire(number, numbers, flags, tell);
    return number;
  }

  range(index: number, what: number): number {
    return ranges[index]?.[what] ?? 0;
  }

  /** Nothing goes past the queue: only the worker knows whether something waits. */
  pass(): number {
    return 0;
  }

  enqueue(
    wire: number,
    receipt: number,
    length: number,
    lane: number,
    ttl: number,
    replaced: number,
  ): number {
    return this.#wires[wire]?.queue(receipt, length, lane, ttl, replaced) ?? 0;
  }

  arrived(wire: number, _link: number, kind: number, length: number): number | undefined {
    return this.#wires[wire]?.received(kind, length);
  }

  act(wire: number, what: number, a: number, b: number, c: number): number | undefined {
    const member = this.#wires[wire];
    if (what !== core.FORGET)
      return member?.act(what, a, b, c, what === core.CLOSE ? laidReason() : undefined);
    member?.forget();
    this.#wires[wire] = undefined;
    return 0;
  }
}

let remote: Remote | undefined;

/** What stands for the wasm, and a worker behind it where there can be one. */
export const start = (): core.Core => {
  begin();
  if (!remote) clear();
  return (remote ??= new Remote());
};
