/** Where durations lie on the axis that all of them share: decades from 10 µs to 10 s. */
export const durationAxis = { fromMs: 0.01, toMs: 10_000 } as const;

const decades = Math.log10(durationAxis.toMs / durationAxis.fromMs);

/** Place on the axis, 0 to 1; what is beyond its ends lies on them. */
export function durationPlace(ms: number): number {
  if (!(ms > durationAxis.fromMs)) return 0;
  return Math.min(1, Math.log10(ms / durationAxis.fromMs) / decades);
}

/** The decades of the axis and what is written at them. */
export const durationTicks: readonly { readonly place: number; readonly text: string }[] = [
  "10 µs",
  "100 µs",
  "1 ms",
  "10 ms",
  "100 ms",
  "1 s",
  "10 s",
].map((text, at) => ({ place: at / decades, text }));

/** Where one of `rows` equally high rows of the axis a duration falls into, 0 the shortest. */
export function durationRow(ms: number, rows: number): number {
  return Math.min(rows - 1, Math.floor(durationPlace(ms) * rows));
}

/**
 * A round upper end for an axis from 0, at least as large as the value: 1, 2 or 5 times a power of
 * ten.
 */
export function roundEnd(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  for (const factor of [1, 2, 5]) {
    if (value <= factor * power * (1 + 1e-9)) return factor * power;
  }
  return 10 * power;
}
