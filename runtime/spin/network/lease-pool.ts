/** What a {@link LeasePool} keeps. */
export interface Poolable {
  /** False once it is known to be broken. */
  readonly alive: boolean;
  /** Makes it as new for the next user; false where that is not possible. */
  reset(): boolean | Promise<boolean>;
  close(): void;
}

export interface LeasePoolOptions<C> {
  connect(): Promise<C>;
  /** Leases at once; more have to wait. */
  readonly max: number;
  readonly idleMsMax: number;
  /** How long a lease may be waited for. */
  readonly waitMsMax: number;
}

interface Waiter<C> {
  readonly resolve: (connection: C | PromiseLike<C>) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
}

interface Idle<C> {
  readonly connection: C;
  readonly sinceMs: number;
}

/**
 * Connections to one server, each used by one at a time. Unused ones are closed after a while; one
 * that broke is not given out again.
 */
export class LeasePool<C extends Poolable> implements Disposable {
  readonly #options: LeasePoolOptions<C>;
  /** Those that have waited longest come first; the last one is used next. */
  readonly #idle: Idle<C>[] = [];
  readonly #waiting = new Set<Waiter<C>>();
  readonly #leased = new Set<C>();
  /** Leased, connecting or being reset. */
  #busy = 0;
  #closed = false;
  /** One for all: a timer for each time that one waits would cost more than the wait. */
  #expiry: NodeJS.Timeout | undefined;

  constructor(options: LeasePoolOptions<C>) {
    this.#options = options;
  }

  /** Nobody uses it, and nothing is open. */
  get isEmpty(): boolean {
    return this.#busy === 0 && this.#idle.length === 0 && this.#waiting.size === 0;
  }

  /** A connection, for one user. Rejects as `connect` does, or when waiting took too long. */
  async acquire(): Promise<C> {
    const idle = this.acquireIdle();
    if (idle !== undefined) return idle;
    return this.#busy >= this.#options.max ? this.#wait() : this.#connect();
  }

  /** The same without waiting; undefined where none is idle. */
  acquireIdle(): C | undefined {
    const idle = this.#takeIdle();
    if (idle === undefined) return undefined;
    this.#busy++;
    this.#leased.add(idle);
    return idle;
  }

  /** The user is done with it. */
  release(connection: C): void {
    if (!this.#leased.delete(connection)) return;
    const reset = connection.alive && !this.#closed && connection.reset();
    if (!(reset instanceof Promise)) return this.#putBack(connection, reset);
    reset.then(
      (usable) => this.#putBack(connection, usable),
      () => this.#putBack(connection, false),
    );
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    clearTimeout(this.#expiry);
    for (const { connection } of this.#idle.splice(0)) connection.close();
    for (const connection of this.#leased) connection.close();
    for (const waiter of this.#waiting) {
      clearTimeout(waiter.timer);
      waiter.reject(new Error("the host is shutting down"));
    }
    this.#waiting.clear();
  }

  async #connect(): Promise<C> {
    this.#busy++;
    let connection: C;
    try {
      connection = await this.#options.connect();
    } catch (error) {
      this.#free();
      throw error;
    }
    if (this.#closed) {
      connection.close();
      this.#free();
      throw new Error("the host is shutting down");
    }
    this.#leased.add(connection);
    return connection;
  }

  #takeIdle(): C | undefined {
    for (let entry = this.#idle.pop(); entry !== undefined; entry = this.#idle.pop()) {
      if (entry.connection.alive) return entry.connection;
      entry.connection.close();
    }
    return undefined;
  }

  #wait(): Promise<C> {
    const { promise, resolve, reject } = Promise.withResolvers<C>();
    const timer = setTimeout(() => {
      this.#waiting.delete(waiter);
      reject(new Error(`too many connections: all ${this.#options.max} are in use`));
    }, this.#options.waitMsMax);
    const waiter: Waiter<C> = { resolve, reject, timer };
    this.#waiting.add(waiter);
    return promise;
  }

  #putBack(connection: C, usable: boolean): void {
    if (!usable || this.#closed) {
      connection.close();
      return this.#free();
    }
    this.#busy--;
    this.#idle.push({ connection, sinceMs: performance.now() });
    if (this.#expiry === undefined) this.#expireIn(this.#options.idleMsMax);
    this.#serveNext();
  }

  #expireIn(ms: number): void {
    this.#expiry = setTimeout(() => this.#expire(), ms).unref();
  }

  #expire(): void {
    const { idleMsMax } = this.#options;
    const now = performance.now();
    const young = this.#idle.findIndex(({ sinceMs }) => sinceMs + idleMsMax > now);
    const expired = this.#idle.splice(0, young === -1 ? this.#idle.length : young);
    for (const { connection } of expired) connection.close();
    const [oldest] = this.#idle;
    this.#expiry = undefined;
    if (oldest !== undefined) this.#expireIn(Math.ceil(oldest.sinceMs + idleMsMax - now));
  }

  #free(): void {
    this.#busy--;
    this.#serveNext();
  }

  #serveNext(): void {
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.delete(next);
    clearTimeout(next.timer);
    next.resolve(this.acquire());
  }
}
