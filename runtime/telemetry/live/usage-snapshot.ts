import type { Counter, Gauge, Histogram, MetricFamily, Series } from "../metrics/metric-family.ts";
import type { RuntimeMetrics } from "../metrics/runtime-metrics.ts";

/** What was counted of one component since the process began. */
export interface ComponentCounts {
  readonly app: string;
  readonly component: string;
  readonly requests: number;
  readonly errors: number;
  readonly coldStarts: number;
  readonly inFlight: number;
  readonly limitHits: number;
  /** Not cumulative; one more than the bounds of the snapshot. */
  readonly durationCounts: readonly number[];
  /** Undefined where nobody knows. */
  readonly memoryBytes: number | undefined;
  readonly memoryLimitBytes: number | undefined;
  readonly cpuSeconds: number | undefined;
  readonly busyInstances: number | undefined;
  readonly idleInstances: number | undefined;
}

/** Everything that the live table shows, at one moment. */
export interface UsageSnapshot {
  /** Milliseconds of a clock that does not go back. */
  readonly atMs: number;
  readonly process: {
    readonly pid: number;
    readonly cpuSeconds: number;
    readonly residentBytes: number;
  };
  /** Upper bounds of the durations, seconds. */
  readonly durationBounds: readonly number[];
  readonly components: readonly ComponentCounts[];
}

type Mutable = { -readonly [K in keyof ComponentCounts]: ComponentCounts[K] };

/** Reads the metrics; usage has to be collected before. */
export function usageSnapshot(metrics: RuntimeMetrics): UsageSnapshot {
  const rows = new Rows();
  rows.sum(metrics.requests, "requests");
  rows.sum(metrics.errors, "errors");
  rows.sum(metrics.coldStarts, "coldStarts");
  rows.sum(metrics.limitHits, "limitHits");
  rows.sum(metrics.inFlight, "inFlight");
  rows.set(metrics.memory, "memoryBytes");
  rows.set(metrics.memoryLimit, "memoryLimitBytes");
  rows.set(metrics.cpu, "cpuSeconds");
  for (const series of metrics.instances.series()) {
    const key = series.labelValues[2] === "busy" ? "busyInstances" : "idleInstances";
    rows.of(series)[key] = series.value.value;
  }
  const durations = metrics.duration.series();
  for (const series of durations) {
    const row = rows.of(series);
    row.durationCounts = series.value.counts.map(
      (count, at) => count + (row.durationCounts[at] ?? 0),
    );
  }
  const { user, system } = process.cpuUsage();
  return {
    atMs: performance.now(),
    process: {
      pid: process.pid,
      cpuSeconds: (user + system) / 1_000_000,
      residentBytes: process.memoryUsage.rss(),
    },
    durationBounds: durations[0]?.value.bounds ?? [],
    components: rows.all(),
  };
}

/** One row for each component that any series names; its first two labels say which. */
class Rows {
  readonly #rows = new Map<string, Mutable>();

  of({ labelValues: [app = "", component = ""] }: Series<Counter | Gauge | Histogram>): Mutable {
    const key = `${app}\0${component}`;
    let row = this.#rows.get(key);
    if (row === undefined) this.#rows.set(key, (row = emptyRow(app, component)));
    return row;
  }

  sum(
    family: MetricFamily<Counter> | MetricFamily<Gauge>,
    key: "requests" | "errors" | "coldStarts" | "limitHits" | "inFlight",
  ): void {
    for (const series of family.series()) this.of(series)[key] += series.value.value;
  }

  set(
    family: MetricFamily<Counter> | MetricFamily<Gauge>,
    key: "memoryBytes" | "memoryLimitBytes" | "cpuSeconds",
  ): void {
    for (const series of family.series()) this.of(series)[key] = series.value.value;
  }

  all(): ComponentCounts[] {
    return [...this.#rows.values()];
  }
}

function emptyRow(app: string, component: string): Mutable {
  return {
    app,
    component,
    requests: 0,
    errors: 0,
    coldStarts: 0,
    inFlight: 0,
    limitHits: 0,
    durationCounts: [],
    memoryBytes: undefined,
    memoryLimitBytes: undefined,
    cpuSeconds: undefined,
    busyInstances: undefined,
    idleInstances: undefined,
  };
}
