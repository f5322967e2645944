export interface FairTurnsOptions {
  /** What begins without letting the event loop look at anything else takes about so long. */
  readonly turnMsMax: number;
  now(): number;
  /** Runs it when what has begun has come as far as it does without the event loop. */
  soon(run: () => void): void;
  /** Runs it when the event loop has looked at what else has come. */
  later(run: () => void): void;
}

/** Of the thread that asks for it. */
export function fairTurns(turnMsMax: number): FairTurns {
  return new FairTurns({
    turnMsMax,
    now: () => performance.now(),
    // The next tick comes after all microtasks, those that come of them included.
    soon: (run) => queueMicrotask(() => process.nextTick(run)),
    later: (run) => void setImmediate(run),
  });
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
  /** A turn is under way, or will be. */
  #isTurning = false;
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
    if (!this.#isTurning) {
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
      this.#isTurning = true;
      later(this.#turn);
    }
    const own = this.#waiting.get(app) ?? [];
    own.push(begin);
    if (own.length === 1) this.#waiting.set(app, own);
  }

  #isShared(app: string, nowMs: number): boolean {
    if (app !== this.#lastApp) {
      if (this.#lastApp !== undefined) this.#sharedUntilMs = nowMs + sharedMs;
      this.#lastApp = app;
    }
    return nowMs < this.#sharedUntilMs;
  }

  readonly #turn = (): void => {
    this.#startedMs = this.#options.now();
    this.#beginOne();
  };

  #beginOne(): void {
    const [next] = this.#waiting;
    if (next !== undefined) {
      const [app, queue] = next;
      // The others come first before its next one.
      this.#waiting.delete(app);
      const begin = queue.shift();
      if (queue.length > 0) this.#waiting.set(app, queue);
      begin?.();
    }
    this.#options.soon(this.#begun);
  }

  /**
   * What can be answered at once is answered by now. Several begun together would each need an
   * instance of their own, and the garbage collector would find all of them alive.
   */
  readonly #begun = (): void => {
    const { now, later, turnMsMax } = this.#options;
    this.#endedMs = now();
    if (this.#waiting.size === 0) {
      this.#startedMs = this.#endedMs;
      this.#isTurning = false;
    } else if (this.#endedMs - this.#startedMs < turnMsMax) this.#beginOne();
    else later(this.#turn);
  };
}
