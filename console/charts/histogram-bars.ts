import type { LatencyHistogram } from "../../runtime/telemetry/admin/console-api.ts";

/** One bar of a distribution: durations between two bounds, and their share of the largest bar. */
export interface HistogramBar {
  readonly fromMs: number;
  /** Undefined for the open end. */
  readonly toMs: number | undefined;
  readonly count: number;
  /** 0 to 1. */
  readonly length: number;
}

/** The bars from the shortest to the longest durations. */
export function histogramBars({ boundsMs, counts }: LatencyHistogram): HistogramBar[] {
  const largest = Math.max(1, ...counts);
  return counts.map((count, at) => ({
    fromMs: at === 0 ? 0 : (boundsMs[at - 1] ?? 0),
    toMs: boundsMs[at],
    count,
    length: count / largest,
  }));
}
