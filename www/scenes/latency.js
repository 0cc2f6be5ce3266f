// How long messages took to the server and back: the last two seconds of them.
import { fit } from "./sparkline.js";

const KEPT = 120;
/** Beyond these, whoever has not come back is given up. */
const AWAITED = 1_024;
const LEAST_SCALE = 20;

export class Latency {
  #number = 0;
  #leftAt = new Map();
  #taken = [];

  /** The number of the message about to be sent. */
  next() {
    return ++this.#number;
  }

  /** The message of this number has left. */
  left(number) {
    this.#leftAt.set(number, performance.now());
    if (this.#leftAt.size > AWAITED) this.#leftAt.delete(this.#leftAt.keys().next().value);
  }

  /** It has come back. */
  back(number) {
    const at = this.#leftAt.get(number);
    if (at === undefined) return;
    this.#leftAt.delete(number);
    this.#taken.push(performance.now() - at);
    if (this.#taken.length > KEPT) this.#taken.shift();
  }

  /** The line is gone, and with it what was under way. */
  forget() {
    this.#leftAt.clear();
    this.#taken.length = 0;
  }

  figures() {
    const sorted = this.#taken.toSorted((a, b) => a - b);
    const at = (share) => sorted[Math.floor((sorted.length - 1) * share)];
    return { last: this.#taken.at(-1), median: at(0.5), worst: at(0.95) };
  }

  /** One bar a message, the newest at the right. */
  draw(canvas) {
    const pen = canvas.getContext("2d");
    const { width, height } = fit(canvas, pen);
    const top = Math.max(LEAST_SCALE, ...this.#taken);
    const wide = width / KEPT;
    pen.clearRect(0, 0, width, height);
    pen.fillStyle = getComputedStyle(canvas).getPropertyValue("--live");
    this.#taken.forEach((time, i) => {
      const high = Math.max(1, (time / top) * height);
      pen.fillRect(width - (this.#taken.length - i) * wide, height - high, Math.max(1, wide - 1), high);
    });
  }
}
