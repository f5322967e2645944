/** How many connections of a kind one guest instance has open; the same for each kind of server. */
export class GuestConnections implements Disposable {
  readonly #max: number;
  #open = 0;
  #ended = false;

  constructor(max: number) {
    this.#max = max;
  }

  /** The instance has ended: nobody takes a connection that is still being opened. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Counts one more connection; false where there are too many already. */
  opens(): boolean {
    if (this.#open >= this.#max) return false;
    this.#open++;
    return true;
  }

  closes(): void {
    this.#open--;
  }

  [Symbol.dispose](): void {
    this.#ended = true;
  }
}
