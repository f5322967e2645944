import { Histogram } from "./metric-family.ts";
import type { AnyFamily, Counter, Gauge } from "./metric-family.ts";
import type { RuntimeMetrics } from "./runtime-metrics.ts";

/** What one series has counted: a number, or a distribution. */
export type SeriesCount =
  | number
  | { readonly counts: readonly number[]; readonly sum: number; readonly count: number };

/** The series of one metric as plain values: threads can send them to each other. */
export interface FamilyCounts {
  /** Prometheus name. */
  readonly name: string;
  readonly series: readonly {
    readonly labelValues: readonly string[];
    readonly value: SeriesCount;
  }[];
}

/** Everything that was counted so far; metrics without series are left out. */
export function countsOf(metrics: RuntimeMetrics): FamilyCounts[] {
  return metrics.all().flatMap((family) => {
    const series = seriesOf(family).map(({ labelValues, value }) => ({
      labelValues,
      value: plain(value),
    }));
    return series.length === 0 ? [] : [{ name: family.definition.name, series }];
  });
}

/**
 * Adds what somebody else has counted; metrics of other names are passed over. With `"lasting"` only
 * what stays true after that one has gone: counters and distributions, no gauges.
 */
export function addCounts(
  metrics: RuntimeMetrics,
  counts: readonly FamilyCounts[],
  which: "all" | "lasting" = "all",
): void {
  const families = new Map(metrics.all().map((family) => [family.definition.name, family]));
  for (const { name, series } of counts) {
    const family = families.get(name);
    if (family === undefined || (which === "lasting" && family.kind === "gauge")) continue;
    for (const { labelValues, value } of series) add(family.with(...labelValues), value);
  }
}

function seriesOf(
  family: AnyFamily,
): readonly { readonly labelValues: readonly string[]; readonly value: Counted }[] {
  return family.series();
}

type Counted = Counter | Gauge | Histogram;

function plain(value: Counted): SeriesCount {
  if (!(value instanceof Histogram)) return value.value;
  return { counts: [...value.counts], sum: value.sum, count: value.count };
}

function add(series: Counted, value: SeriesCount): void {
  if (series instanceof Histogram) {
    if (typeof value === "number") return;
    for (const [at, count] of value.counts.entries()) {
      series.counts[at] = (series.counts[at] ?? 0) + count;
    }
    series.sum += value.sum;
    series.count += value.count;
  } else if (typeof value === "number") {
    series.add(value);
  }
}
