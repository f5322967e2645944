/** Something for each of the owners that kept it last, `ownersMax` at most. */
export class RecentlyKept<T> {
  readonly #ownersMax: number;
  readonly #onDropped: (value: T) => void;
  /** The owner that has waited longest comes first. */
  readonly #kept = new Map<object, T>();

  /** `onDropped` gets what makes room for something else. */
  constructor(ownersMax: number, onDropped: (value: T) => void = () => undefined) {
    this.#ownersMax = ownersMax;
    this.#onDropped = onDropped;
  }

  has(owner: object): boolean {
    return this.#kept.has(owner);
  }

  /** Instead of what was kept for the owner before, of which `onDropped` is not told. */
  keep(owner: object, value: T): void {
    this.#kept.delete(owner);
    this.#kept.set(owner, value);
    if (this.#kept.size <= this.#ownersMax) return;
    for (const [oldest, dropped] of this.#kept) {
      this.#kept.delete(oldest);
      this.#onDropped(dropped);
      return;
    }
  }

  /** Undefined when there is nothing; nobody else gets it. */
  take(owner: object): T | undefined {
    const value = this.#kept.get(owner);
    this.#kept.delete(owner);
    return value;
  }
}
