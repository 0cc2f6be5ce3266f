/**
 * Bounds what a loop over a wire has not taken yet, as src/core/inbox.rs does where the core is at hand: a loop in the
 * page cannot ask the worker's core for each message.
 */
export class Inbox {
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  #messages = 0;
  #bytes = 0;
  #overflowed = false;

  constructor(maxMessages: number, maxBytes: number) {
    this.#maxMessages = maxMessages;
    this.#maxBytes = maxBytes;
  }

  /** 1 if there is room for a message of this size; 0 if not, and from then on. */
  push(size: number): number {
    const full = this.#messages >= this.#maxMessages || this.#bytes + size > this.#maxBytes;
    // A single message larger than the bound is taken while the inbox is empty.
    this.#overflowed ||= this.#messages > 0 && full;
    if (this.#overflowed) return 0;
    this.#messages++;
    this.#bytes += size;
    return 1;
  }

  /** The next message, of this size, is taken, if there is one. 1 if others were lost, else 0. */
  take(size: number): number {
    if (this.#messages > 0) this.#messages--;
    this.#bytes -= size;
    return Number(this.#overflowed);
  }
}
