/** Pauses that double from `msMin` to `msMax`. Pure: the caller counts and supplies the chance. */
export interface BackoffBounds {
  readonly msMin: number;
  readonly msMax: number;
}

/** Pause after `failures` failures in a row (1 or more), without chance. */
export function backoffMs({ msMin, msMax }: BackoffBounds, failures: number): number {
  // 2 ** 1024 is Infinity, which min puts right.
  return Math.min(msMin * 2 ** Math.max(failures - 1, 0), msMax);
}

/** The same, between half of it and all of it: `chance` is in [0, 1). */
export function jitteredBackoffMs(bounds: BackoffBounds, failures: number, chance: number): number {
  return backoffMs(bounds, failures) * (0.5 + chance / 2);
}
