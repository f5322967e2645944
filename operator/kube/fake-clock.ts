import type { Clock, Timer } from "./clock.ts";

interface Waiting {
  readonly atMs: number;
  readonly run: () => void;
}

/** A clock for tests: time stands still until `advance`. */
export class FakeClock implements Clock {
  #nowMs = 0;
  #dateMs: number;
  readonly #timers = new Set<Waiting>();

  constructor(date = new Date("2026-01-01T00:00:00Z")) {
    this.#dateMs = date.getTime();
  }

  now(): number {
    return this.#nowMs;
  }

  date(): Date {
    return new Date(this.#dateMs);
  }

  setTimer(ms: number, run: () => void): Timer {
    const waiting = { atMs: this.#nowMs + Math.max(ms, 0), run };
    this.#timers.add(waiting);
    return { cancel: () => void this.#timers.delete(waiting) };
  }

  /** Timers that have not fired. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Sets the wall clock alone, as an administrator or NTP does. */
  jump(date: Date): void {
    this.#dateMs = date.getTime();
  }

  /** Lets time pass; timers fire in order, each followed by what it makes ready to run. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settle();
    for (;;) {
      const next = this.#earliest();
      if (next === undefined || next.atMs > endMs) break;
      this.#timers.delete(next);
      this.#moveTo(next.atMs);
      next.run();
      await settle();
    }
    this.#moveTo(endMs);
    await settle();
  }

  #moveTo(nowMs: number): void {
    this.#dateMs += nowMs - this.#nowMs;
    this.#nowMs = nowMs;
  }

  #earliest(): Waiting | undefined {
    let earliest: Waiting | undefined;
    for (const timer of this.#timers) {
      if (earliest === undefined || timer.atMs < earliest.atMs) earliest = timer;
    }
    return earliest;
  }
}

/** Everything that is ready has run: a turn of the event loop empties the microtasks. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
