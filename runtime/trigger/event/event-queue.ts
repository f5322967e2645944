/** What an {@link EventQueue} is asked to do. */
export type EventTask = () => Promise<void>;

/**
 * Runs tasks as they come, so many at once and no more; a bounded number waits. Tasks handle their
 * own failures.
 */
export class EventQueue {
  readonly #runningMax: number;
  readonly #waitingMax: number;
  readonly #waiting: EventTask[] = [];
  #running = 0;
  #idle: PromiseWithResolvers<void> | undefined;
  #finished: PromiseWithResolvers<void> | undefined;

  constructor(bounds: { readonly runningMax: number; readonly waitingMax: number }) {
    this.#runningMax = bounds.runningMax;
    this.#waitingMax = bounds.waitingMax;
  }

  /** Whether the task was taken: false when as many wait as may. */
  push(task: EventTask): boolean {
    if (this.#running < this.#runningMax) void this.#run(task);
    else if (this.#waiting.length < this.#waitingMax) this.#waiting.push(task);
    else return false;
    return true;
  }

  /** Settles when another task would run at once: for sources that can be held back. */
  async room(): Promise<void> {
    while (this.#running >= this.#runningMax) {
      await (this.#finished ??= Promise.withResolvers<void>()).promise;
    }
  }

  /** Tasks that run or wait. */
  get size(): number {
    return this.#running + this.#waiting.length;
  }

  /** Settles when nothing runs or waits, or when the signal aborts; then nothing waits any more. */
  async drain(signal: AbortSignal): Promise<void> {
    if (this.size === 0) return;
    const { promise, resolve } = (this.#idle ??= Promise.withResolvers<void>());
    const give = (): void => {
      this.#waiting.length = 0;
      resolve();
    };
    if (signal.aborted) give();
    signal.addEventListener("abort", give, { once: true });
    await promise;
    signal.removeEventListener("abort", give);
  }

  async #run(first: EventTask): Promise<void> {
    this.#running++;
    for (
      let task: EventTask | undefined = first;
      task !== undefined;
      task = this.#waiting.shift()
    ) {
      await task();
    }
    this.#running--;
    this.#finished?.resolve();
    this.#finished = undefined;
    if (this.size === 0) this.#idle?.resolve();
  }
}
