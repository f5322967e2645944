/** The newest of a stream of things, at most so many; what is older makes room. */
export class NewestRing<Item> {
  readonly capacity: number;
  readonly #items: Item[] = [];
  /** Where the oldest one is, once the ring is full. */
  #oldest = 0;
  #total = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get length(): number {
    return this.#items.length;
  }

  /** How many there have been. */
  get total(): number {
    return this.#total;
  }

  push(items: readonly Item[]): void {
    this.#total += items.length;
    for (const item of items) {
      if (this.#items.length < this.capacity) {
        this.#items.push(item);
        continue;
      }
      this.#items[this.#oldest] = item;
      this.#oldest = (this.#oldest + 1) % this.capacity;
    }
  }

  /** 0 is the newest. */
  at(fromNewest: number): Item | undefined {
    const { length } = this.#items;
    if (fromNewest < 0 || fromNewest >= length) return undefined;
    return this.#items[(this.#oldest + length - 1 - fromNewest) % length];
  }

  /** Newest first. */
  newest(count: number): Item[] {
    const found: Item[] = [];
    for (let at = 0; at < Math.min(count, this.length); at++) {
      const item = this.at(at);
      if (item !== undefined) found.push(item);
    }
    return found;
  }

  clear(): void {
    this.#items.length = 0;
    this.#oldest = 0;
    this.#total = 0;
  }
}
