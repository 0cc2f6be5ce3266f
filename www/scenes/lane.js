// The books of one line: what became of every number, on the way to the server and back. The page writes down what it
// sent, what its receipts say and what came back; what arrived is counted by the server.

/** What became of a number, in one direction. */
export const FATES = ["waits", "under-way", "there", "missing", "twice", "doubt", "given-back"];
const [WAITS, UNDER_WAY, THERE, MISSING, TWICE, DOUBT, GIVEN_BACK] = FATES;

export class Lane {
  /** What each receipt said, by number. */
  #settled = [];
  #arrived = [];
  #echoed = [];
  /** Numbers whose echo may be missing, as the wire has told. */
  #untold = new Set();
  #lastArrived = 0;
  #lastEchoed = 0;

  /** How many numbers were written. */
  written = 0;

  /** Writes the next number, with the receipt that `send` gives. */
  write(send) {
    const number = ++this.written;
    const receipt = send(String(number));
    if (receipt.result) this.#settle(number, receipt.result);
    else void receipt.settled.then((settled) => this.#settle(number, settled));
  }

  #settle(number, { outcome }) {
    this.#settled[number] = outcome;
  }

  /** The server counted this number. */
  arrive(number) {
    this.#arrived[number] = (this.#arrived[number] ?? 0) + 1;
    this.#lastArrived = Math.max(this.#lastArrived, number);
  }

  /** The server counted these anew, from the beginning: ranges of numbers. */
  arriveAll(ranges) {
    this.#arrived = [];
    for (const [first, last] of ranges)
      for (let number = first; number <= last; number++) this.arrive(number);
  }

  hasArrived(number) {
    return (this.#arrived[number] ?? 0) > 0;
  }

  echo(number) {
    if (!Number.isSafeInteger(number) || number < 1 || number > this.written) return;
    this.#echoed[number] = (this.#echoed[number] ?? 0) + 1;
    this.#lastEchoed = Math.max(this.#lastEchoed, number);
  }

  /** Whether this side knows no more of a number than that it left. */
  isUnanswered(number) {
    return this.#settled[number] === "handed-over" && !this.#echoed[number];
  }

  /** Echoes of what left may be missing, as the wire has told. */
  forgiveEchoes() {
    for (let number = 1; number <= this.written; number++) {
      const left = this.#settled[number] === "delivered" || this.#settled[number] === "in-doubt";
      if (left && !this.#echoed[number]) this.#untold.add(number);
    }
  }

  /** On the way to the server. `waiting` of the last numbers have not left. */
  fateThere(number, waiting) {
    const times = this.#arrived[number] ?? 0;
    const settled = this.#settled[number];
    if (settled === "in-doubt") return DOUBT;
    if (settled === "not-sent") return GIVEN_BACK;
    if (times > 1) return TWICE;
    if (times === 1) return THERE;
    if (!settled && number > this.written - waiting) return WAITS;
    return number < this.#lastArrived ? MISSING : UNDER_WAY;
  }

  /** On the way back; undefined where nothing is to come back. */
  fateBack(number) {
    const times = this.#echoed[number] ?? 0;
    if (times > 1) return TWICE;
    if (times === 1) return THERE;
    if (!this.hasArrived(number)) return undefined;
    if (this.#untold.has(number)) return DOUBT;
    return number < this.#lastEchoed ? MISSING : UNDER_WAY;
  }

  /** How many numbers have each fate: `{ there, back, settled }`. */
  count(waiting) {
    const [there, back, settled] = [{}, {}, {}];
    const add = (counts, name) => (counts[name] = (counts[name] ?? 0) + 1);
    for (let number = 1; number <= this.written; number++) {
      add(there, this.fateThere(number, waiting));
      add(back, this.fateBack(number));
      add(settled, this.#settled[number]);
    }
    const arrived = this.#arrived.reduce((sum, times) => sum + (times > 0), 0);
    return { there, back, settled, arrived };
  }

  /** Of the numbers in doubt, those after `from`. */
  doubtful(from) {
    const numbers = [];
    for (let number = from + 1; number <= this.written; number++)
      if (this.#settled[number] === "in-doubt") numbers.push(number);
    return numbers;
  }
}
