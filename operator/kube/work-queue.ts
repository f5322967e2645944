import { type Clock, type Timer, systemClock } from "./clock.ts";
import { type RateLimiter, itemAndBucketLimiter } from "./rate-limiter.ts";

/** Higher comes first. The numbers are controller-runtime's. */
export const priorities = {
  /** What somebody waits for. */
  high: 100,
  normal: 0,
  /** What was there at start, and resynchronisation: changes by people overtake it. */
  low: -100,
} as const;

/** What is told of a queue, for metrics. Times in seconds. */
export interface QueueObserver {
  added(priority: number): void;
  /** Taken by a worker after waiting. */
  taken(priority: number, waitedSeconds: number): void;
  done(workedSeconds: number): void;
  retried(): void;
  /** Moved from one priority to a higher one while waiting. */
  raised(from: number, to: number): void;
}

export interface AddOptions {
  readonly priority?: number;
}

export interface WorkQueueOptions {
  readonly clock?: Clock;
  readonly limiter?: RateLimiter;
  readonly observer?: QueueObserver | undefined;
}

interface Waiting {
  readonly priority: number;
  readonly sinceMs: number;
}

interface Delayed {
  readonly atMs: number;
  readonly priority: number;
  readonly timer: Timer;
}

/**
 * Keys that wait to be worked on. A key waits at most once, and is never with two workers: added
 * while it is worked on, it waits until that is done. Within a priority the oldest comes first. There
 * is no bound: keys are those of cached objects, and one that is dropped would be forgotten for good.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #limiter: RateLimiter;
  readonly #observer: QueueObserver | undefined;
  /** Waiting keys of each priority in order of arrival; priorities highest first. */
  #levels: { readonly priority: number; readonly keys: Set<string> }[] = [];
  readonly #waiting = new Map<string, Waiting>();
  /** Keys with a worker, since when. */
  readonly #working = new Map<string, number>();
  /** Keys that were added while they were worked on. */
  readonly #again = new Map<string, Waiting>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  #closed = false;

  constructor({ clock = systemClock, limiter, observer }: WorkQueueOptions = {}) {
    this.#clock = clock;
    this.#limiter = limiter ?? itemAndBucketLimiter(clock);
    this.#observer = observer;
  }

  /** Keys that wait for a worker, without those that are delayed. */
  get length(): number {
    return this.#waiting.size;
  }

  /** Keys that are with a worker now, and the times at which they were taken. */
  get working(): ReadonlyMap<string, number> {
    return this.#working;
  }

  /** Nothing waits, nothing is delayed, nothing is worked on. */
  get idle(): boolean {
    return this.#waiting.size + this.#delayed.size + this.#working.size === 0;
  }

  /** Waits at once. A higher priority than before moves the key forward; a lower one is ignored. */
  add(key: string, { priority = priorities.normal }: AddOptions = {}): void {
    if (this.#closed) return;
    const delayed = this.#delayed.get(key);
    if (delayed !== undefined) this.#undelay(key, delayed);
    const highest = Math.max(priority, delayed?.priority ?? priority);
    this.#enqueue(key, { priority: highest, sinceMs: this.#clock.now() });
  }

  /** Waits after `ms`; of several times the earliest counts. */
  addAfter(key: string, ms: number, { priority = priorities.normal }: AddOptions = {}): void {
    if (ms <= 0) {
      this.add(key, { priority });
      return;
    }
    if (this.#closed || this.#waiting.has(key)) return;
    const atMs = this.#clock.now() + ms;
    const before = this.#delayed.get(key);
    if (before !== undefined) {
      if (before.atMs <= atMs) return;
      this.#undelay(key, before);
    }
    const timer = this.#clock.setTimer(ms, () => {
      this.#delayed.delete(key);
      this.add(key, { priority });
    });
    this.#delayed.set(key, { atMs, priority, timer });
  }

  /** After a failure: waits longer each time until {@link forget}. */
  addRateLimited(key: string, options: AddOptions = {}): void {
    if (this.#closed) return;
    this.#observer?.retried();
    this.addAfter(key, this.#limiter.delayMs(key), options);
  }

  /** After a success: the next failure is the first one. */
  forget(key: string): void {
    this.#limiter.forget(key);
  }

  /** Failures since the last {@link forget}. */
  failures(key: string): number {
    return this.#limiter.failures(key);
  }

  /**
   * The next key, as soon as there is one; undefined when the queue was closed or the signal came.
   * The caller has to say {@link done}.
   */
  get(signal: AbortSignal): Promise<string | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    const key = this.#take();
    if (key !== undefined || this.#closed) return Promise.resolve(key);
    return new Promise((resolve) => {
      const give = (next: string | undefined): void => {
        signal.removeEventListener("abort", leave);
        resolve(next);
      };
      const leave = (): void => {
        this.#takers.splice(this.#takers.indexOf(give), 1);
        give(undefined);
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#takers.push(give);
    });
  }

  /** The worker has finished; what was added meanwhile waits now. */
  done(key: string): void {
    const sinceMs = this.#working.get(key);
    if (sinceMs === undefined) return;
    this.#working.delete(key);
    this.#observer?.done((this.#clock.now() - sinceMs) / 1000);
    const again = this.#again.get(key);
    if (again === undefined) return;
    this.#again.delete(key);
    if (!this.#closed) this.#wait(key, again);
  }

  /** Drops what waits; workers get undefined and leave. What is worked on is not touched. */
  close(): void {
    this.#closed = true;
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    this.#waiting.clear();
    this.#again.clear();
    this.#levels = [];
    for (const give of this.#takers.splice(0)) give(undefined);
  }

  #undelay(key: string, delayed: Delayed): void {
    delayed.timer.cancel();
    this.#delayed.delete(key);
  }

  #enqueue(key: string, waiting: Waiting): void {
    if (this.#working.has(key)) {
      const before = this.#again.get(key);
      if (before !== undefined && before.priority >= waiting.priority) return;
      this.#again.set(key, { ...waiting, sinceMs: before?.sinceMs ?? waiting.sinceMs });
      return;
    }
    const before = this.#waiting.get(key);
    if (before === undefined) {
      this.#wait(key, waiting);
    } else if (before.priority < waiting.priority) {
      this.#level(before.priority).delete(key);
      this.#level(waiting.priority).add(key);
      this.#waiting.set(key, { ...before, priority: waiting.priority });
      this.#observer?.raised(before.priority, waiting.priority);
    }
  }

  #wait(key: string, waiting: Waiting): void {
    this.#waiting.set(key, waiting);
    this.#level(waiting.priority).add(key);
    this.#observer?.added(waiting.priority);
    const give = this.#takers.shift();
    if (give !== undefined) give(this.#take());
  }

  #take(): string | undefined {
    for (const { priority, keys } of this.#levels) {
      const [key] = keys;
      if (key === undefined) continue;
      const nowMs = this.#clock.now();
      const sinceMs = this.#waiting.get(key)?.sinceMs ?? nowMs;
      keys.delete(key);
      this.#waiting.delete(key);
      this.#working.set(key, nowMs);
      this.#observer?.taken(priority, (nowMs - sinceMs) / 1000);
      return key;
    }
    return undefined;
  }

  #level(priority: number): Set<string> {
    const found = this.#levels.find((level) => level.priority === priority);
    if (found !== undefined) return found.keys;
    const level = { priority, keys: new Set<string>() };
    this.#levels.push(level);
    this.#levels.sort((one, other) => other.priority - one.priority);
    return level.keys;
  }
}
