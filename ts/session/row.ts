/** Found by numbers that rise by one, and mostly left in their order: a map of such costs less than one of any keys. */
export class Row<T> {
  /** From number `first` on; those before `gone` have left. */
  #all: (T | undefined)[] = [];
  #first = 0;
  #gone = 0;
  #size = 0;
  /** The few that stay while many pass. */
  readonly #old = new Map<number, T>();

  set(number: number, value: T): void {
    const { length } = this.#all;
    if (length > 1_024) {
      if (this.#gone * 2 > length) this.#shift();
      else if (this.#size * 4 < length) this.#retire();
    }
    if (!this.#size) this.#restart(number);
    this.#all[number - this.#first] = value;
    this.#size++;
  }

  get(number: number): T | undefined {
    return this.#all[number - this.#first] ?? this.#old.get(number);
  }

  delete(number: number): void {
    const all = this.#all;
    const at = number - this.#first;
    if (!all[at]) return void this.#old.delete(number);
    all[at] = undefined;
    this.#size--;
    while (this.#gone < all.length && !all[this.#gone]) this.#gone++;
  }

  *[Symbol.iterator](): Generator<[number, T]> {
    yield* this.#old;
    for (const [at, value] of this.#all.entries()) if (value) yield [this.#first + at, value];
  }

  #shift(): void {
    this.#all.splice(0, this.#gone);
    this.#first += this.#gone;
    this.#gone = 0;
  }

  #retire(): void {
    for (const [number, value] of this) this.#old.set(number, value);
    this.#size = 0;
  }

  #restart(first: number): void {
    this.#all = [];
    this.#first = first;
    this.#gone = 0;
  }
}
