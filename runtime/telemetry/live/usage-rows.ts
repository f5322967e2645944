import type { ComponentCounts, UsageSnapshot } from "./usage-snapshot.ts";

/** One line of the live table: what happened between two looks, and what is now. */
export interface UsageRow {
  readonly app: string;
  readonly component: string;
  readonly requestsPerSecond: number;
  /** Milliseconds; undefined without requests in this time. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly errorsPerSecond: number;
  /** Of all requests, 0 to 1. */
  readonly errorShare: number;
  readonly coldStartsPerSecond: number;
  readonly inFlight: number;
  /** Since the process began. */
  readonly requests: number;
  readonly errors: number;
  readonly coldStarts: number;
  readonly limitHits: number;
  readonly memoryBytes: number | undefined;
  readonly memoryLimitBytes: number | undefined;
  /** Of one core, 0 to 1 and more. */
  readonly cpuShare: number | undefined;
  readonly busyInstances: number | undefined;
  readonly idleInstances: number | undefined;
}

export interface UsageView {
  readonly pid: number;
  readonly cpuShare: number | undefined;
  readonly residentBytes: number;
  readonly rows: readonly UsageRow[];
}

/** Columns by which the table can be sorted. */
export const sortKeys = {
  requests: (row: UsageRow): number => row.requestsPerSecond,
  p50: (row: UsageRow): number => row.p50Ms ?? -1,
  p99: (row: UsageRow): number => row.p99Ms ?? -1,
  errors: (row: UsageRow): number => row.errorsPerSecond,
  memory: (row: UsageRow): number => row.memoryBytes ?? -1,
  cpu: (row: UsageRow): number => row.cpuShare ?? -1,
  cold: (row: UsageRow): number => row.coldStarts,
  name: undefined,
} as const;

export type SortKey = keyof typeof sortKeys;

/**
 * What happened between two looks. Without an earlier one, or where the process has begun anew
 * meanwhile, there are no rates yet.
 */
export function usageView(current: UsageSnapshot, previous: UsageSnapshot | undefined): UsageView {
  const earlier = previous?.process.pid === current.process.pid ? previous : undefined;
  const seconds = earlier === undefined ? 0 : (current.atMs - earlier.atMs) / 1000;
  const before = new Map(earlier?.components.map((each) => [keyOf(each), each]));
  return {
    pid: current.process.pid,
    residentBytes: current.process.residentBytes,
    cpuShare: rate(current.process.cpuSeconds, earlier?.process.cpuSeconds, seconds),
    rows: current.components.map((each) =>
      rowOf(each, before.get(keyOf(each)), { seconds, bounds: current.durationBounds }),
    ),
  };
}

/** Largest first; equal ones, and all by name, in the order of their names. */
export function sortRows(rows: readonly UsageRow[], key: SortKey): UsageRow[] {
  const value = sortKeys[key];
  return rows.toSorted((a, b) => {
    const difference = value === undefined ? 0 : value(b) - value(a);
    return difference === 0 ? byName(a, b) : difference;
  });
}

function byName(a: UsageRow, b: UsageRow): number {
  return compare(a.app, b.app) || compare(a.component, b.component);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function keyOf({ app, component }: ComponentCounts): string {
  return `${app}\0${component}`;
}

interface Between {
  readonly seconds: number;
  readonly bounds: readonly number[];
}

function rowOf(
  now: ComponentCounts,
  before: ComponentCounts | undefined,
  { seconds, bounds }: Between,
): UsageRow {
  const requests = grown(now.requests, before?.requests);
  const errors = grown(now.errors, before?.errors);
  const counts = now.durationCounts.map((count, at) => grown(count, before?.durationCounts[at]));
  const hasRates = seconds > 0;
  return {
    app: now.app,
    component: now.component,
    requestsPerSecond: hasRates ? requests / seconds : 0,
    p50Ms: hasRates ? quantileMs(bounds, counts, 0.5) : undefined,
    p99Ms: hasRates ? quantileMs(bounds, counts, 0.99) : undefined,
    errorsPerSecond: hasRates ? errors / seconds : 0,
    errorShare: hasRates && requests > 0 ? Math.min(1, errors / requests) : 0,
    coldStartsPerSecond: hasRates ? grown(now.coldStarts, before?.coldStarts) / seconds : 0,
    inFlight: now.inFlight,
    requests: now.requests,
    errors: now.errors,
    coldStarts: now.coldStarts,
    limitHits: now.limitHits,
    memoryBytes: now.memoryBytes,
    memoryLimitBytes: now.memoryLimitBytes,
    cpuShare:
      now.cpuSeconds === undefined ? undefined : rate(now.cpuSeconds, before?.cpuSeconds, seconds),
    busyInstances: now.busyInstances,
    idleInstances: now.idleInstances,
  };
}

/** A count that went back has begun anew. */
function grown(now: number, before: number | undefined): number {
  return before === undefined || before > now ? now : now - before;
}

function rate(now: number, before: number | undefined, seconds: number): number | undefined {
  return before === undefined || seconds <= 0 ? undefined : Math.max(0, now - before) / seconds;
}

/**
 * The duration that a part of the requests did not exceed, from how many fell into each bucket:
 * inside a bucket they are taken to be spread evenly; beyond the last bound that bound is told.
 */
export function quantileMs(
  bounds: readonly number[],
  counts: readonly number[],
  quantile: number,
): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let below = 0;
  for (const [at, count] of counts.entries()) {
    if (count > 0 && below + count >= quantile * total) {
      const upper = bounds[at];
      if (upper === undefined) break;
      const lower = at === 0 ? 0 : (bounds[at - 1] ?? 0);
      return (lower + ((quantile * total - below) / count) * (upper - lower)) * 1000;
    }
    below += count;
  }
  return (bounds.at(-1) ?? 0) * 1000;
}
