import { limits } from "../limits.ts";

/** How many lines may pass. */
export interface LineRate {
  readonly perSecond: number;
  /** At once, after a pause. */
  readonly burst: number;
}

export const defaultLineRate: LineRate = {
  perSecond: limits.guestLinesPerSecondMax,
  burst: limits.guestLinesBurstMax,
};

/**
 * Holds one component's lines to a rate (token bucket) and counts what it drops. Time comes in, so
 * that it needs no timer.
 */
export class LineLimiter {
  readonly #rate: LineRate;
  #tokens: number;
  #filledMs: number;
  #dropped = 0;

  /** `nowMs` is of any clock that does not go back. */
  constructor(rate: LineRate, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#filledMs = nowMs;
  }

  /** Whether a line may pass now. */
  take(nowMs: number): boolean {
    const { perSecond, burst } = this.#rate;
    const gained = ((nowMs - this.#filledMs) * perSecond) / 1000;
    this.#tokens = Math.min(burst, this.#tokens + Math.max(0, gained));
    this.#filledMs = nowMs;
    if (this.#tokens < 1) {
      this.#dropped++;
      return false;
    }
    this.#tokens--;
    return true;
  }

  /** Lines dropped since this was asked last. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }
}
