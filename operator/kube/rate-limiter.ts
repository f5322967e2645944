import { limits } from "../limits.ts";
import { backoffMs } from "./backoff.ts";
import type { Clock } from "./clock.ts";

/** How long a key has to wait after it failed. */
export interface RateLimiter {
  /** Counts a failure. */
  delayMs(key: string): number;
  forget(key: string): void;
  failures(key: string): number;
}

/** Doubles with each failure of the key. */
export class ItemBackoff implements RateLimiter {
  readonly #failures = new Map<string, number>();
  readonly #bounds: { readonly msMin: number; readonly msMax: number };

  constructor(bounds: { readonly msMin: number; readonly msMax: number }) {
    this.#bounds = bounds;
  }

  delayMs(key: string): number {
    const failures = this.failures(key) + 1;
    this.#failures.set(key, failures);
    return backoffMs(this.#bounds, failures);
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }
}

/** So many a second, and a burst after a quiet time. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #countedMs: number;

  constructor(clock: Clock, rate: { readonly perSecond: number; readonly burst: number }) {
    this.#clock = clock;
    this.#perSecond = rate.perSecond;
    this.#burst = rate.burst;
    this.#tokens = rate.burst;
    this.#countedMs = clock.now();
  }

  /** Takes a token, also a future one: the time until it is there. */
  reserveMs(): number {
    this.#refill();
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#perSecond) * 1000;
  }

  /** Takes a token if there is one. */
  take(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  #refill(): void {
    const nowMs = this.#clock.now();
    const earned = ((nowMs - this.#countedMs) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#tokens + earned, this.#burst);
    this.#countedMs = nowMs;
  }
}

/** The longer of both, as controller-runtime has it. */
export function itemAndBucketLimiter(clock: Clock): RateLimiter {
  const { itemBackoffMsMin, itemBackoffMsMax } = limits;
  const items = new ItemBackoff({ msMin: itemBackoffMsMin, msMax: itemBackoffMsMax });
  const { queueRetriesPerSecond: perSecond, queueRetriesBurst: burst } = limits;
  const bucket = new TokenBucket(clock, { perSecond, burst });
  return {
    delayMs: (key) => Math.max(items.delayMs(key), bucket.reserveMs()),
    forget: (key) => items.forget(key),
    failures: (key) => items.failures(key),
  };
}
