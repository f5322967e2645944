/** So many of something at once; who comes later waits for a turn, in order. */
export class Permits {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param count undefined for no bound. */
  constructor(count: number | undefined) {
    this.#free = count ?? Infinity;
  }

  /** Resolves once there is one. Call the result when done, once. */
  acquire(): Release | Promise<Release> {
    if (this.#free > 0) {
      this.#free--;
      return this.#release();
    }
    const { promise, resolve } = Promise.withResolvers<Release>();
    this.#waiting.push(() => resolve(this.#release()));
    return promise;
  }

  #release(): Release {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    };
  }
}

/** Gives back what was acquired; again and again is fine. */
export type Release = () => void;
