import { Histogram } from "./metric-family.ts";
import type { AnyFamily, Counter, Gauge, Series } from "./metric-family.ts";
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
export function countsOf(
  metrics: RuntimeMetrics,
  isWanted: (series: Counted) => boolean = () => true,
): FamilyCounts[] {
  return metrics.all().flatMap((family) => {
    const series = seriesOf(family).filter(({ value }) => isWanted(value));
    return series.length === 0 ? [] : [plainFamily(family, series)];
  });
}

/** What has changed; the whole where something was forgotten meanwhile. */
export interface CountChanges {
  readonly counts: readonly FamilyCounts[];
  readonly isWhole: boolean;
}

/** Tells what was counted since it was asked last: with many idle apps that is little. */
export class CountReader {
  /** What was told, by series; those that have counted nothing are not there. */
  #told: ReadonlyMap<Counted, number> | undefined;

  read(metrics: RuntimeMetrics): CountChanges {
    const told = new Map<Counted, number>();
    let known = 0;
    const changes = metrics.all().flatMap((family) => {
      const series = seriesOf(family).filter(({ value }) => {
        const before = this.#told?.get(value);
        const now = value instanceof Histogram ? value.count : value.value;
        if (before !== undefined) known++;
        else if (now === 0) return false;
        told.set(value, now);
        return before !== now;
      });
      return series.length === 0 ? [] : [plainFamily(family, series)];
    });
    const isWhole = this.#told === undefined || known < this.#told.size;
    this.#told = told;
    return { counts: isWhole ? countsOf(metrics, (value) => told.has(value)) : changes, isWhole };
  }
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

type Counted = Counter | Gauge | Histogram;

function seriesOf(family: AnyFamily): readonly Series<Counted>[] {
  return family.series();
}

function plainFamily(family: AnyFamily, series: readonly Series<Counted>[]): FamilyCounts {
  return {
    name: family.definition.name,
    series: series.map(({ labelValues, value }) => ({ labelValues, value: plain(value) })),
  };
}

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
