/** What a {@link LeasePool} keeps. */
export interface Poolable {
  /** False once it is known to be broken. */
  readonly alive: boolean;
  /** Makes it as new for the next user; false where that is not possible. */
  reset(): Promise<boolean>;
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
  readonly resolve: (connection: C) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Connections to one server, each used by one at a time. Unused ones are closed after a while; one
 * that broke is not given out again.
 */
export class LeasePool<C extends Poolable> implements Disposable {
  readonly #options: LeasePoolOptions<C>;
  readonly #idle: { connection: C; timer: NodeJS.Timeout }[] = [];
  readonly #waiting = new Set<Waiter<C>>();
  readonly #leased = new Set<C>();
  /** Leased, connecting or being reset. */
  #busy = 0;
  #closed = false;

  constructor(options: LeasePoolOptions<C>) {
    this.#options = options;
  }

  /** Nobody uses it, and nothing is open. */
  get isEmpty(): boolean {
    return this.#busy === 0 && this.#idle.length === 0 && this.#waiting.size === 0;
  }

  /** A connection, for one user. Rejects as `connect` does, or when waiting took too long. */
  async acquire(): Promise<C> {
    const idle = this.#takeIdle();
    if (idle === undefined && this.#busy >= this.#options.max) return this.#wait();
    this.#busy++;
    if (idle !== undefined) return this.#lease(idle);
    try {
      return this.#lease(await this.#options.connect());
    } catch (error) {
      this.#free();
      throw error;
    }
  }

  /** The user is done with it. */
  release(connection: C): void {
    if (!this.#leased.delete(connection)) return;
    void this.#putBack(connection);
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    for (const { connection, timer } of this.#idle.splice(0)) {
      clearTimeout(timer);
      connection.close();
    }
    for (const connection of this.#leased) connection.close();
    for (const waiter of this.#waiting) {
      clearTimeout(waiter.timer);
      waiter.reject(new Error("the host is shutting down"));
    }
    this.#waiting.clear();
  }

  #lease(connection: C): C {
    if (this.#closed) {
      connection.close();
      throw new Error("the host is shutting down");
    }
    this.#leased.add(connection);
    return connection;
  }

  #takeIdle(): C | undefined {
    for (let entry = this.#idle.pop(); entry !== undefined; entry = this.#idle.pop()) {
      clearTimeout(entry.timer);
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

  async #putBack(connection: C): Promise<void> {
    const usable =
      connection.alive && !this.#closed && (await connection.reset().catch(() => false));
    if (!usable || this.#closed) {
      connection.close();
      return this.#free();
    }
    this.#busy--;
    const timer = setTimeout(() => this.#expire(connection), this.#options.idleMsMax);
    timer.unref();
    this.#idle.push({ connection, timer });
    this.#serveNext();
  }

  #expire(connection: C): void {
    const index = this.#idle.findIndex((entry) => entry.connection === connection);
    if (index !== -1) this.#idle.splice(index, 1);
    connection.close();
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
    this.acquire().then(next.resolve, next.reject);
  }
}
