import type { ExposedValue } from "../metrics/read-exposition.ts";
import type { ComponentCounts, UsageSnapshot } from "./usage-snapshot.ts";

/** What rows stand for: apps wherever they run, or the processes that run them. */
export type FleetRow = "app" | "target";

type Counts = { -readonly [K in keyof ComponentCounts]: ComponentCounts[K] };
type Counted = "requests" | "errors" | "coldStarts" | "limitHits";

const counters: Readonly<Record<string, Counted>> = {
  whorl_requests_total: "requests",
  whorl_request_errors_total: "errors",
  whorl_cold_starts_total: "coldStarts",
  whorl_limit_hits_total: "limitHits",
};

/**
 * Usage of several processes, from the metrics that they offer. What is counted only grows, by what
 * each process has counted since the last look: one that comes, goes or begins anew makes no leap.
 */
export class FleetUsage {
  readonly #rowsAre: FleetRow;
  readonly #totals = new Map<string, Counts>();
  /** Counters by target and series at the last look. */
  #before: ReadonlyMap<string, ReadonlyMap<string, number>> | undefined;
  #bounds: readonly number[] = [];

  constructor(rowsAre: FleetRow) {
    this.#rowsAre = rowsAre;
  }

  /** `targets`: what each process offers now. */
  look(targets: ReadonlyMap<string, readonly ExposedValue[]>, atMs: number): UsageSnapshot {
    for (const [key, row] of this.#totals) {
      forgetGauges(row);
      if (this.#rowsAre === "target" && !targets.has(row.app)) this.#totals.delete(key);
    }
    const now = new Map<string, ReadonlyMap<string, number>>();
    this.#bounds = boundsOf(targets) ?? this.#bounds;
    for (const [target, values] of targets) now.set(target, this.#add(target, values));
    // Who is not there at this look goes on from where it was.
    this.#before = new Map([...(this.#before ?? []), ...now]);
    return {
      atMs,
      process: { pid: 0, cpuSeconds: this.#cpuSeconds(), residentBytes: residentBytes(targets) },
      durationBounds: this.#bounds,
      components: [...this.#totals.values()].map((row) => ({ ...row })),
    };
  }

  #add(target: string, values: readonly ExposedValue[]): Map<string, number> {
    const before = this.#before?.get(target);
    const isNew = this.#before !== undefined && before === undefined;
    const now = new Map<string, number>();
    const buckets: ExposedValue[] = [];
    for (const each of values) {
      const row = this.#row(target, each.labels);
      if (row === undefined) continue;
      addGauge(row, each);
      if (each.name === "whorl_request_duration_seconds_bucket") buckets.push(each);
      else if (!isCounter(each.name)) continue;
      now.set(seriesOf(each), each.value);
    }
    const grown = (each: ExposedValue): number => {
      if (isNew) return 0;
      const earlier = before?.get(seriesOf(each)) ?? 0;
      return each.value < earlier ? each.value : each.value - earlier;
    };
    for (const each of values) this.#count(target, each, grown);
    this.#countBuckets(target, buckets, grown);
    return now;
  }

  #count(target: string, each: ExposedValue, grown: (each: ExposedValue) => number): void {
    const row = this.#row(target, each.labels);
    const key = counters[each.name];
    if (row === undefined) return;
    if (key !== undefined) row[key] += grown(each);
    if (each.name === cpuMetric) row.cpuSeconds = (row.cpuSeconds ?? 0) + grown(each);
  }

  /** Buckets are cumulative; the table wants them apart. */
  #countBuckets(
    target: string,
    buckets: readonly ExposedValue[],
    grown: (each: ExposedValue) => number,
  ): void {
    const below = new Map<string, number>();
    for (const each of buckets) {
      const row = this.#row(target, each.labels);
      if (row === undefined) continue;
      const series = [...each.labels].filter(([name]) => name !== "le").join("\0");
      const count = grown(each);
      const bound = Number(each.labels.get("le") ?? Number.NaN);
      const at = Number.isNaN(bound) ? this.#bounds.length : this.#bounds.indexOf(bound);
      if (at === -1) continue;
      const counts = [...row.durationCounts];
      while (counts.length <= this.#bounds.length) counts.push(0);
      counts[at] = (counts[at] ?? 0) + Math.max(0, count - (below.get(series) ?? 0));
      row.durationCounts = counts;
      below.set(series, count);
    }
  }

  #row(target: string, labels: ReadonlyMap<string, string>): Counts | undefined {
    const [app, component] = [labels.get("app"), labels.get("component")];
    if (app === undefined || component === undefined) return undefined;
    const shown = this.#rowsAre === "app" ? app : target;
    return this.#totals.getOrInsertComputed(`${shown}\0${component}`, () => ({
      ...{
        app: shown,
        component,
        requests: 0,
        errors: 0,
        coldStarts: 0,
        limitHits: 0,
        inFlight: 0,
      },
      ...{ durationCounts: [], memoryBytes: undefined, memoryLimitBytes: undefined },
      ...{ cpuSeconds: undefined, busyInstances: undefined, idleInstances: undefined },
    }));
  }

  #cpuSeconds(): number {
    return [...this.#totals.values()].reduce((sum, row) => sum + (row.cpuSeconds ?? 0), 0);
  }
}

const cpuMetric = "whorl_guest_cpu_seconds_total";

function seriesOf({ name, labels }: ExposedValue): string {
  return `${name}\0${[...labels.values()].join("\0")}`;
}

function isCounter(name: string): boolean {
  return name in counters || name === cpuMetric;
}

/** The bounds of the first process that has any: all of one version have the same. */
function boundsOf(
  targets: ReadonlyMap<string, readonly ExposedValue[]>,
): readonly number[] | undefined {
  for (const values of targets.values()) {
    const bounds = new Set<number>();
    for (const { name, labels } of values) {
      const bound = Number(labels.get("le") ?? Number.NaN);
      const isBucket = name === "whorl_request_duration_seconds_bucket";
      if (isBucket && Number.isFinite(bound)) bounds.add(bound);
    }
    if (bounds.size > 0) return [...bounds].toSorted((a, b) => a - b);
  }
  return undefined;
}

function residentBytes(targets: ReadonlyMap<string, readonly ExposedValue[]>): number {
  return [...targets.values()]
    .flat()
    .reduce((sum, { name, value }) => sum + (name === residentMetric ? value : 0), 0);
}

const residentMetric = "process_resident_memory_bytes";

function forgetGauges(row: Counts): void {
  row.inFlight = 0;
  row.memoryBytes = undefined;
  row.memoryLimitBytes = undefined;
  row.busyInstances = undefined;
  row.idleInstances = undefined;
}

function addGauge(row: Counts, { name, labels, value }: ExposedValue): void {
  switch (name) {
    case "whorl_requests_in_flight":
      row.inFlight += value;
      return;
    case "whorl_guest_memory_bytes":
      row.memoryBytes = (row.memoryBytes ?? 0) + value;
      return;
    case "whorl_guest_memory_limit_bytes":
      row.memoryLimitBytes = (row.memoryLimitBytes ?? 0) + value;
      return;
    case "whorl_instances":
      if (labels.get("state") === "busy") row.busyInstances = (row.busyInstances ?? 0) + value;
      else row.idleInstances = (row.idleInstances ?? 0) + value;
  }
}
