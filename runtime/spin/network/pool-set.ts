import type { LeasePool, Poolable } from "./lease-pool.ts";

/** Pools by key, at most so many: beyond it unused ones give way, or else the guest is refused. */
export class PoolSet<C extends Poolable> implements Disposable {
  readonly #pools = new Map<string, LeasePool<C>>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** The pool of a key, if there is one. */
  find(key: string): LeasePool<C> | undefined {
    return this.#pools.get(key);
  }

  /** The pool of a key; makes it where there is none. Throws when there are too many in use. */
  get(key: string, make: () => LeasePool<C>): LeasePool<C> {
    const found = this.#pools.get(key);
    if (found !== undefined) return found;
    if (this.#pools.size >= this.#max) this.#removeEmpty();
    if (this.#pools.size >= this.#max) {
      throw new Error(`too many connections: ${this.#max} addresses are in use`);
    }
    const pool = make();
    this.#pools.set(key, pool);
    return pool;
  }

  [Symbol.dispose](): void {
    for (const pool of this.#pools.values()) pool[Symbol.dispose]();
    this.#pools.clear();
  }

  #removeEmpty(): void {
    for (const [key, pool] of this.#pools) {
      if (pool.isEmpty) this.#pools.delete(key);
    }
  }
}
