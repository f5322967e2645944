/** Requests of one app on one worker: so many at once, so many that wait, no more. */
export class AppRequests {
  readonly #activeMax: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #active = 0;
  #isOpen = false;

  constructor(bounds: { readonly activeMax: number; readonly waitingMax: number }) {
    this.#activeMax = bounds.activeMax;
    this.#waitingMax = bounds.waitingMax;
  }

  /** Being answered. */
  get active(): number {
    return this.#active;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Runs `begin` now or when its turn comes; false where too many wait already. */
  enter(begin: () => void): boolean {
    if (this.#isOpen && this.#active < this.#activeMax) {
      this.#active++;
      begin();
      return true;
    }
    if (this.#waiting.length >= this.#waitingMax) return false;
    this.#waiting.push(begin);
    return true;
  }

  /** One that began is over. */
  leave(): void {
    this.#active--;
    this.#admit();
  }

  /** The app can answer. */
  open(): void {
    this.#isOpen = true;
    this.#admit();
  }

  /** From now on all wait; those that wait stay where they are. */
  close(): void {
    this.#isOpen = false;
  }

  /** Those that wait will not have their turn. */
  takeWaiting(): readonly (() => void)[] {
    return this.#waiting.splice(0);
  }

  #admit(): void {
    while (this.#isOpen && this.#active < this.#activeMax) {
      const begin = this.#waiting.shift();
      if (begin === undefined) return;
      this.#active++;
      begin();
    }
  }
}
