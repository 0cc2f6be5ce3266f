// How often something happens, over the last two seconds.

const SPAN = 2_000;

export class Rate {
  #times = [];
  #start = performance.now();

  add() {
    this.#times.push(performance.now());
    // Nobody may ask for a while.
    if (this.#times.length > 10_000) this.#times.splice(0, 5_000);
  }

  perSecond() {
    const now = performance.now();
    const first = this.#times.findIndex((time) => time > now - SPAN);
    this.#times.splice(0, first < 0 ? this.#times.length : first);
    const span = Math.min(SPAN, Math.max(now - this.#start, 500));
    return (this.#times.length / span) * 1_000;
  }
}
