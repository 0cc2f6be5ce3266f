/**
 * Bounds what a loop over a wire has not taken yet, as src/core/inbox.rs does where the core is at hand: a loop in the
 * page cannot ask the worker's core for each message.
 */
export class Inbox {
  readonly #sizes: number[] = [];
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  #size = 0;
  #overflowed = false;

  constructor(maxMessages: number, maxBytes: number) {
    this.#maxMessages = maxMessages;
    this.#maxBytes = maxBytes;
  }

  /** 1 if there is room for a message of this size; 0 if not, and from then on. */
  push(size: number): number {
    const { length } = this.#sizes;
    // A single message larger than the bound is taken while the inbox is empty.
    this.#overflowed ||= length > 0 && (length >= this.#maxMessages || this.#size + size > this.#maxBytes);
    if (this.#overflowed) return 0;
    this.#sizes.push(size);
    this.#size += size;
    return 1;
  }

  /** 1 for the next message, 2 after an overflow, 0 if there is nothing. */
  take(): number {
    const size = this.#sizes.shift();
    if (size === undefined) return this.#overflowed ? 2 : 0;
    this.#size -= size;
    return 1;
  }
}
