import { limits } from "../../limits.ts";
import type { RuntimeMetrics } from "../metrics/runtime-metrics.ts";
import { byApp, total } from "./app-counts.ts";
import { appHealth, type HealthVerdict } from "./app-health.ts";
import { type Sample, SampleRing, type TimedSample } from "./sample-ring.ts";
import { usageView, type UsageRow, type UsageView } from "./usage-rows.ts";
import { usageSnapshot, type UsageSnapshot } from "./usage-snapshot.ts";

/** Where usage is read. */
export interface UsageSource {
  readonly metrics: RuntimeMetrics;
  /** The metrics are as of now when this is done. */
  collect(): void | Promise<void>;
}

/** An app at the last look. */
export interface SampledApp {
  readonly row: UsageRow;
  readonly health: HealthVerdict;
}

/** What changed between two looks. */
export interface UsageChange {
  readonly atMs: number;
  readonly totals: TimedSample;
  readonly process: Pick<UsageView, "cpuShare" | "residentBytes">;
  readonly changed: ReadonlyMap<string, SampledApp>;
  readonly gone: readonly string[];
}

/** Durations of all requests of an app. */
export interface Durations {
  /** Upper bounds, seconds. */
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

/** How often it looks, milliseconds. */
export const sampleEveryMs = 1_000;
/** How far back requests count for the health of an app, and are shown with it. */
const healthSamples = 60;

/** Looks at the usage of a process every second, keeps the last minutes, and tells what changed. */
export class UsageSampler implements Disposable {
  readonly #source: UsageSource;
  readonly #listeners = new Set<(change: UsageChange) => void>();
  readonly #rings = new Map<string, SampleRing>();
  readonly #timer: NodeJS.Timeout;
  #apps: ReadonlyMap<string, SampledApp> = new Map();
  #components: ReadonlyMap<string, readonly UsageRow[]> = new Map();
  #snapshot: UsageSnapshot | undefined;
  #byApp: UsageSnapshot | undefined;
  #tick = -1;
  #isLooking = false;
  #atMs = Date.now();

  constructor(source: UsageSource) {
    this.#source = source;
    this.look();
    this.#timer = setInterval(() => this.look(), sampleEveryMs);
    this.#timer.unref();
  }

  /** At the last look, by name; those that had requests or have instances. */
  get apps(): ReadonlyMap<string, SampledApp> {
    return this.#apps;
  }

  /** When it last looked, milliseconds since 1970. */
  get atMs(): number {
    return this.#atMs;
  }

  components(app: string): readonly UsageRow[] {
    return this.#components.get(app) ?? [];
  }

  durations(app: string): Durations {
    const counts = this.#byApp?.components.find((each) => each.app === app)?.durationCounts;
    return { bounds: this.#byApp?.durationBounds ?? [], counts: counts ?? [] };
  }

  /** Requests per second of the last minute, oldest first; undefined where there were none. */
  recentRequests(app: string): readonly number[] | undefined {
    const ring = this.#rings.get(app);
    if (ring === undefined) return undefined;
    const first = Math.max(0, this.#tick - healthSamples + 1);
    const rates = Array.from({ length: this.#tick - first + 1 }, (_, at) => ring.rate(first + at));
    return rates.some((rate) => rate > 0) ? rates : undefined;
  }

  /** Oldest first, one for each second since it began to look, of the last minutes. */
  history(app: string): TimedSample[] {
    const ring = this.#rings.get(app);
    const first = Math.max(0, this.#tick - limits.consoleSamplesMax + 1);
    return Array.from({ length: this.#tick - first + 1 }, (_, at) => ({
      atMs: this.#atMs - (this.#tick - first - at) * sampleEveryMs,
      ...(ring?.get(first + at) ?? nothing),
    }));
  }

  /** Calls `listener` at each look, until disposed. */
  listen(listener: (change: UsageChange) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#listeners.clear();
  }

  /** Looks now, as the timer does; one look at a time. */
  look(): void {
    if (this.#isLooking) return;
    const collected = this.#source.collect();
    if (collected === undefined) return this.#note();
    this.#isLooking = true;
    void collected.then(() => {
      this.#isLooking = false;
      this.#note();
    });
  }

  #note(): void {
    const snapshot = usageSnapshot(this.#source.metrics);
    const previous = this.#snapshot;
    const apps = byApp(snapshot);
    const view = usageView(apps, this.#byApp);
    const totals = usageView(summed(snapshot), previous && summed(previous)).rows[0];
    const seconds = (snapshot.atMs - (previous?.atMs ?? snapshot.atMs)) / 1000;
    this.#snapshot = snapshot;
    this.#byApp = apps;
    // Where somebody took long to say what was counted, a second or two are without a sample.
    this.#tick += Math.max(1, previous === undefined ? 1 : Math.round(seconds));
    this.#atMs = Date.now();
    this.#components = Map.groupBy(usageView(snapshot, previous).rows, ({ app }) => app);
    const sampled = new Map(
      view.rows.map((row): [string, SampledApp] => [row.app, this.#sample(row, seconds)]),
    );
    this.#tell(view, { apps: sampled, totals });
    this.#apps = sampled;
  }

  #sample(row: UsageRow, seconds: number): SampledApp {
    let ring = this.#rings.get(row.app);
    if (ring === undefined && row.requestsPerSecond > 0) {
      ring = new SampleRing(limits.consoleSamplesMax);
      this.#rings.set(row.app, ring);
    }
    ring?.set(this.#tick, row, seconds);
    const { requests = 0, errors = 0 } = ring?.sum(this.#tick, healthSamples) ?? {};
    const { memoryBytes, memoryLimitBytes } = row;
    return { row, health: appHealth({ requests, errors, memoryBytes, memoryLimitBytes }) };
  }

  #tell(
    { cpuShare, residentBytes }: UsageView,
    {
      apps,
      totals,
    }: { readonly apps: ReadonlyMap<string, SampledApp>; readonly totals: UsageRow | undefined },
  ): void {
    const gone = [...this.#apps.keys()].filter((id) => !apps.has(id));
    for (const id of gone) this.#rings.delete(id);
    if (this.#listeners.size === 0) return;
    const changed = new Map([...apps].filter(([id, each]) => !isSame(each, this.#apps.get(id))));
    const atMs = this.#atMs;
    const change: UsageChange = {
      ...{ atMs, changed, gone, process: { cpuShare, residentBytes } },
      totals: { atMs, ...sampleOf(totals ?? nothing) },
    };
    for (const listener of this.#listeners) listener(change);
  }
}

function summed(snapshot: UsageSnapshot): UsageSnapshot {
  const all = total(snapshot);
  return { ...snapshot, components: all === undefined ? [] : [all] };
}

const nothing: Sample = {
  requestsPerSecond: 0,
  errorsPerSecond: 0,
  coldStartsPerSecond: 0,
  p50Ms: undefined,
  p99Ms: undefined,
  memoryBytes: undefined,
  cpuShare: undefined,
};

function sampleOf(row: Sample): Sample {
  const { requestsPerSecond, errorsPerSecond, coldStartsPerSecond, p50Ms, p99Ms } = row;
  const { memoryBytes, cpuShare } = row;
  return {
    ...{ requestsPerSecond, errorsPerSecond, coldStartsPerSecond, p50Ms, p99Ms },
    ...{ memoryBytes, cpuShare },
  };
}

function isSame(a: SampledApp, b: SampledApp | undefined): boolean {
  if (b === undefined || a.health.health !== b.health.health) return false;
  if (a.health.reason !== b.health.reason) return false;
  return Object.entries(a.row).every(([key, value]) => b.row[key as keyof UsageRow] === value);
}
