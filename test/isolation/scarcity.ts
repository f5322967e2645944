interface Trimmed {
  trim(): void;
}

const ballastBytes = 8 * 1024 * 1024;
const ballastBlocksMax = 8;
const requestsPerBlock = 250;

/**
 * Memory as on a host that is short of it: every so many requests another block is filled and an
 * older one given up, so that pages and collections move, and now and then all instances that wait
 * are put aside (as by InstancePool.trim when a host runs out of room).
 */
export class Scarcity {
  readonly #pool: Trimmed;
  readonly #ballast: Uint8Array[] = [];
  #requests = 0;

  constructor(pool: Trimmed) {
    this.#pool = pool;
  }

  /** Call once for each request. */
  request(): void {
    this.#requests++;
    if (this.#requests % requestsPerBlock !== 0) return;
    this.#ballast.push(new Uint8Array(ballastBytes).fill(this.#requests));
    if (this.#ballast.length <= ballastBlocksMax) return;
    this.#ballast.length = 0;
    this.#pool.trim();
  }
}
