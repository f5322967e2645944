/** One shared promise for everybody who waits for the next change of some state. */
export class Wakeup {
  #promise: Promise<void> | undefined;
  #resolve: (() => void) | undefined;

  /** Settles at the next {@link wake}. */
  wait(): Promise<void> {
    if (this.#promise === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#promise = promise;
      this.#resolve = resolve;
    }
    return this.#promise;
  }

  /** Releases everybody who waits now. */
  wake(): void {
    const resolve = this.#resolve;
    this.#promise = undefined;
    this.#resolve = undefined;
    resolve?.();
  }
}
