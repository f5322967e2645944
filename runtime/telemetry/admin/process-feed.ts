import { limits } from "../../limits.ts";
import type { NumberedRequest, RequestRecorder } from "../live/request-recorder.ts";
import { compileFilter } from "../live/request-filter.ts";
import type { RequestSubscription } from "../live/request-log.ts";
import type { SampledApp, UsageChange, UsageSampler } from "../live/usage-sampler.ts";
import type { AppUsage, ConsoleEvent, ConsoleInfo, Failure, UsageSample } from "./console-api.ts";
import type { ConsoleFeed, EventQuery } from "./console-view.ts";
import type { AppDescription } from "./process-view.ts";
import { entryOf, failureOf, healthOf, usageOf } from "./process-shapes.ts";

export interface FeedParts {
  readonly recorder: RequestRecorder;
  readonly sampler: UsageSampler;
  readonly info: ConsoleInfo;
  /** Those that are served now, and why one of them cannot be asked. */
  apps(): readonly ServedApp[];
  /** Once. */
  onEnd(): void;
}

type ServedApp = Pick<AppDescription, "name" | "problem">;

/** What one reader follows of a process: what it does not take in time is counted, and gone. */
export class ProcessFeed implements ConsoleFeed {
  readonly #parts: FeedParts;
  readonly #app: string | undefined;
  readonly #requests: RequestSubscription<NumberedRequest> | undefined;
  readonly #failures: RequestSubscription<NumberedRequest> | undefined;
  readonly #listening: Disposable | undefined;
  #isNew = true;
  #isEnded = false;
  #change: UsageChange | undefined;
  #changed = new Map<string, SampledApp>();
  #gone = new Set<string>();
  #missed = 0;
  /** As this reader was told of them last. */
  #served: ReadonlyMap<string, ServedApp>;

  /** Throws WhorlError `usage` for a filter that is none. */
  constructor({ topics, filter }: EventQuery, parts: FeedParts) {
    const { recorder, sampler } = parts;
    const passes = compileFilter(filter);
    const ofApp = compileFilter({ ...(filter.app !== undefined && { app: filter.app }) });
    this.#parts = parts;
    this.#app = filter.app;
    this.#served = servedApps(parts);
    if (topics.has("requests")) this.#requests = recorder.log.subscribe(passes);
    if (topics.has("failures")) {
      this.#failures = recorder.log.subscribe(
        (record) => record.error !== undefined && ofApp(record),
      );
    }
    if (!topics.has("usage")) return;
    this.#changed = new Map([...sampler.apps].filter(([id, { row }]) => this.#isShown(id, row)));
    this.#listening = sampler.listen((change) => this.#note(change));
  }

  take(): readonly ConsoleEvent[] {
    const events: ConsoleEvent[] = [];
    if (this.#isNew) events.push({ event: "info", data: this.#parts.info });
    this.#isNew = false;
    const usage = this.#usage();
    if (usage !== undefined) events.push({ event: "usage", data: usage });
    const taken = this.#requests?.take(limits.consoleBatchRequestsMax);
    if (taken !== undefined && taken.records.length + taken.lost > 0) {
      const data = { requests: taken.records.map(entryOf), lost: taken.lost };
      events.push({ event: "requests", data });
    }
    const failed = this.#failures?.take(limits.failuresKeptMax);
    if (failed !== undefined && failed.records.length + failed.lost > 0) {
      const failures = failed.records.map((record) => this.#failure(record));
      events.push({ event: "failures", data: { failures, lost: failed.lost } });
    }
    return events;
  }

  [Symbol.dispose](): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#requests?.[Symbol.dispose]();
    this.#failures?.[Symbol.dispose]();
    this.#listening?.[Symbol.dispose]();
    this.#parts.onEnd();
  }

  #note(change: UsageChange): void {
    if (this.#change !== undefined) this.#missed++;
    this.#change = change;
    for (const [id, each] of change.changed) {
      if (this.#app === undefined || id === this.#app) this.#changed.set(id, each);
      this.#gone.delete(id);
    }
    for (const id of change.gone) {
      this.#changed.delete(id);
      if (this.#app === undefined || id === this.#app) this.#gone.add(id);
    }
  }

  #usage(): UsageSample | undefined {
    const change = this.#change;
    if (change === undefined) return undefined;
    const { atMs, totals, process } = change;
    const served = servedApps(this.#parts);
    const ids = new Set([...this.#changed.keys(), ...this.#others(served)]);
    const { apps: sampled } = this.#parts.sampler;
    const apps = [...ids].map((id): AppUsage => {
      const each = this.#changed.get(id) ?? sampled.get(id);
      return { id, ...healthOf(each, served.get(id)?.problem), usage: usageOf(each?.row) };
    });
    const removed = [...this.#served.keys()].filter(
      (id) => !served.has(id) && (this.#app === undefined || this.#app === id),
    );
    // An app that only ends to be counted is still there.
    const gone = [...this.#gone].filter((id) => !served.has(id));
    const all = [...new Set([...gone, ...removed])];
    const sample = { atMs, totals, process, apps, gone: all, missed: this.#missed };
    this.#served = served;
    this.#change = undefined;
    this.#changed = new Map();
    this.#gone = new Set();
    this.#missed = 0;
    return sample;
  }

  /** Apps that have come, or are another way than they were, whatever they have counted. */
  #others(served: ReadonlyMap<string, ServedApp>): string[] {
    return [...served.values()]
      .filter(({ name, problem }) => {
        const before = this.#served.get(name);
        const isNews = before === undefined || before.problem !== problem;
        return isNews && (this.#app === undefined || this.#app === name);
      })
      .map(({ name }) => name);
  }

  #failure(record: NumberedRequest): Failure {
    const nothing = { spans: [], guestSpans: [], spansLost: 0, lines: [], linesLost: 0 };
    return failureOf(this.#parts.recorder.find(record.id) ?? { record, ...nothing });
  }

  #isShown(id: string, { requests }: SampledApp["row"]): boolean {
    return requests > 0 && (this.#app === undefined || this.#app === id);
  }
}

function servedApps({ apps }: FeedParts): ReadonlyMap<string, ServedApp> {
  return new Map(apps().map(({ name, problem }) => [name, { name, problem }]));
}
