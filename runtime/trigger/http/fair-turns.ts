export interface FairTurnsOptions {
  /** What begins without letting the event loop look at anything else takes about so long. */
  readonly turnMsMax: number;
  now(): number;
  /** Runs it when the event loop has looked at what else has come. */
  later(run: () => void): void;
}

/** Work that ended so shortly before belongs to the same turn of the event loop, most likely. */
const gapMsMax = 0.2;
/** Apps that were both asked within this time share the thread. */
const sharedMs = 1_000;

/**
 * Who begins next on a thread that several apps may share. What is asked of an app that has the
 * thread for itself begins at once. Where apps share it and there is much to do, one request of each
 * begins after the other, however many one of them has, and between short turns the event loop looks
 * at what has come meanwhile.
 */
export class FairTurns {
  readonly #options: FairTurnsOptions;
  /** By app; the first one is next. Apps for which nothing waits are not here. */
  readonly #waiting = new Map<string, (() => void)[]>();
  #lastApp: string | undefined;
  #sharedUntilMs = -Infinity;
  /** Of the current turn, and of what began last in it. */
  #startedMs = 0;
  #endedMs = -Infinity;

  constructor(options: FairTurnsOptions) {
    this.#options = options;
  }

  /** Requests that wait for their turn. */
  get waiting(): number {
    return this.#waiting.values().reduce((sum, { length }) => sum + length, 0);
  }

  /** Runs `begin` now or in its turn; it must not throw. */
  take(app: string, begin: () => void): void {
    const { now, later, turnMsMax } = this.#options;
    const nowMs = now();
    if (this.#waiting.size === 0) {
      if (!this.#isShared(app, nowMs)) {
        begin();
        return;
      }
      if (nowMs - this.#endedMs > gapMsMax) this.#startedMs = nowMs;
      if (nowMs - this.#startedMs < turnMsMax) {
        begin();
        this.#endedMs = now();
        return;
      }
      later(this.#turn);
    }
    const own = this.#waiting.get(app);
    if (own === undefined) this.#waiting.set(app, [begin]);
    else own.push(begin);
  }

  #isShared(app: string, nowMs: number): boolean {
    if (app !== this.#lastApp) {
      if (this.#lastApp !== undefined) this.#sharedUntilMs = nowMs + sharedMs;
      this.#lastApp = app;
    }
    return nowMs < this.#sharedUntilMs;
  }

  readonly #turn = (): void => {
    const { now, later, turnMsMax } = this.#options;
    this.#startedMs = now();
    do {
      const [next] = this.#waiting;
      if (next === undefined) break;
      const [app, queue] = next;
      // The others come first before its next one.
      this.#waiting.delete(app);
      const begin = queue.shift();
      if (queue.length > 0) this.#waiting.set(app, queue);
      begin?.();
      this.#endedMs = now();
    } while (this.#endedMs - this.#startedMs < turnMsMax);
    if (this.#waiting.size > 0) later(this.#turn);
    else this.#startedMs = this.#endedMs;
  };
}
