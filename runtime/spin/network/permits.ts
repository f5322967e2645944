/** So many of something at once; who comes later waits for a turn, in order. */
export class Permits {
  #free: number;
  readonly #within: Permits | undefined;
  readonly #isUnbounded: boolean;
  readonly #waiting: (() => void)[] = [];

  /**
   * @param count undefined for no bound.
   * @param within A bound over several kinds, which each of these counts towards as well.
   */
  constructor(count: number | undefined, within?: Permits) {
    this.#free = count ?? Infinity;
    this.#within = within;
    this.#isUnbounded = count === undefined && within === undefined;
  }

  /** Resolves once there is one. Call the result when done; again and again is fine. */
  acquire(): Release | Promise<Release> {
    if (this.#isUnbounded) return nothing;
    if (this.#free <= 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      return promise.then(() => this.#acquireWithin());
    }
    this.#free--;
    return this.#acquireWithin();
  }

  #acquireWithin(): Release | Promise<Release> {
    const outer = this.#within?.acquire();
    if (outer instanceof Promise) return outer.then((release) => this.#release(release));
    return this.#release(outer);
  }

  #release(outer: Release | undefined): Release {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      outer?.();
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    };
  }
}

/** Gives back what was acquired; again and again is fine. */
export type Release = () => void;

function nothing(): void {}
