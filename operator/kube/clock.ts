/** A timer that can be called off. */
export interface Timer {
  cancel(): void;
}

/** Time, passed in so that tests can move it. */
export interface Clock {
  /** Milliseconds from an arbitrary point; never goes back, whatever happens to the wall clock. */
  now(): number;
  /** Wall clock, for what people and other programs read. */
  date(): Date;
  setTimer(ms: number, run: () => void): Timer;
}

/** Timers of Node fire at once above this. */
const timerMsMax = 2_147_483_647;

class NodeTimer implements Timer {
  readonly #timeout: NodeJS.Timeout;

  constructor(ms: number, run: () => void) {
    this.#timeout = setTimeout(run, Math.min(Math.max(ms, 0), timerMsMax));
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }
}

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  setTimer: (ms, run) => new NodeTimer(ms, run),
};

/** Resolves after `ms`, or as soon as the signal is aborted: look at the signal afterwards. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || ms <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = clock.setTimer(ms, end);
    signal.addEventListener("abort", end);
  });
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
