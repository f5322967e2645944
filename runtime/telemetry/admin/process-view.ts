import { limits } from "../../limits.ts";
import type { KeptRequest, RequestRecorder } from "../live/request-recorder.ts";
import { compileFilter } from "../live/request-filter.ts";
import { sampleEveryMs, type UsageSampler } from "../live/usage-sampler.ts";
import type {
  AppDetail,
  AppList,
  AppSummary,
  ConsoleInfo,
  RequestDetail,
  RequestPage,
  Trigger,
} from "./console-api.ts";
import type {
  AppQuery,
  ConsoleFeed,
  ConsoleView,
  EventQuery,
  RequestQuery,
} from "./console-view.ts";
import { ProcessFeed } from "./process-feed.ts";
import { entryOf, failureOf, healthOf, usageOf } from "./process-shapes.ts";
import { requestFlame } from "./request-flame.ts";

/** What who runs an app knows of it. */
export interface AppDescription {
  readonly name: string;
  readonly version?: string | undefined;
  readonly description?: string | undefined;
  readonly url?: string | undefined;
  readonly warnings: readonly string[];
  readonly components: readonly { readonly id: string; readonly source?: string | undefined }[];
  readonly triggers: readonly Trigger[];
  /** Why it cannot be asked at all. */
  readonly problem?: string | undefined;
}

export type ProcessFacts = Pick<ConsoleInfo, "title" | "version" | "pid" | "startedMs">;

export interface ProcessViewParts {
  readonly recorder: RequestRecorder;
  readonly sampler: UsageSampler;
  info(): ProcessFacts;
  /** The apps that are served now. */
  apps(): readonly AppDescription[];
  /** Everything about a request, where not all of it is with the recorder. */
  find?(id: number): Promise<KeptRequest | undefined>;
}

/** The console of one process. */
export class ProcessView implements ConsoleView {
  readonly #parts: ProcessViewParts;
  #feeds = 0;

  constructor(parts: ProcessViewParts) {
    this.#parts = parts;
  }

  info(): ConsoleInfo {
    return {
      apiVersion: 1,
      scope: "process",
      ...this.#parts.info(),
      nowMs: Date.now(),
      sampleEveryMs,
      samplesKept: limits.consoleSamplesMax,
      requestsKept: limits.requestsKeptMax,
    };
  }

  apps({ search, health, offset, limit }: AppQuery): AppList {
    const wanted = search.toLowerCase();
    const found = this.#parts
      .apps()
      .filter(({ name }) => name.toLowerCase().includes(wanted))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((app) => this.#summary(app))
      .filter((app) => health.length === 0 || health.includes(app.health));
    const { atMs } = this.#parts.sampler;
    return { atMs, total: found.length, apps: found.slice(offset, offset + limit) };
  }

  app(id: string): AppDetail | undefined {
    const app = this.#parts.apps().find(({ name }) => name === id);
    if (app === undefined) return undefined;
    const { sampler, recorder } = this.#parts;
    const rows = new Map(sampler.components(id).map((row) => [row.component, row]));
    const { bounds, counts } = sampler.durations(id);
    return {
      ...this.#summary(app),
      ...(app.description === undefined ? {} : { description: app.description }),
      warnings: app.warnings,
      components: app.components.map((each) => ({ ...each, usage: usageOf(rows.get(each.id)) })),
      failures: recorder.failures(id).map(failureOf),
      history: sampler.history(id),
      latency: { boundsMs: bounds.map((seconds) => seconds * 1000), counts },
    };
  }

  requests({ since, limit, filter }: RequestQuery): RequestPage {
    const from = since === undefined ? undefined : Number(since);
    const { requests, last, lost } = this.#parts.recorder.page(from, limit, compileFilter(filter));
    return { requests: requests.map(entryOf), next: String(last), lost };
  }

  async request(id: string): Promise<RequestDetail | undefined> {
    const { recorder, find } = this.#parts;
    const kept = await (find === undefined ? recorder.find(Number(id)) : find(Number(id)));
    if (kept === undefined) return undefined;
    const { record, spansLost, lines, linesLost } = kept;
    return {
      request: entryOf(record),
      ...(record.error === undefined ? {} : { failure: failureOf(kept) }),
      spans: requestFlame(kept),
      spansLost,
      lines: lines.map(({ timeMs, stream, text }) => ({ atMs: timeMs, stream, text })),
      linesLost,
    };
  }

  pods(): { readonly nodes: readonly [] } {
    return { nodes: [] };
  }

  follow(query: EventQuery): ConsoleFeed | undefined {
    if (this.#feeds >= limits.consoleFeedsMax) return undefined;
    const { recorder, sampler } = this.#parts;
    const feed = new ProcessFeed(query, {
      recorder,
      sampler,
      info: this.info(),
      apps: () => this.#parts.apps(),
      onEnd: () => void this.#feeds--,
    });
    this.#feeds++;
    return feed;
  }

  #summary(app: AppDescription): AppSummary {
    const { name, version, url, components, triggers } = app;
    const sampled = this.#parts.sampler.apps.get(name);
    const [newest] = this.#parts.recorder.failures(name);
    const recentRequests = this.#parts.sampler.recentRequests(name);
    return {
      id: name,
      name,
      ...(version === undefined ? {} : { version }),
      ...(url === undefined ? {} : { url }),
      ...healthOf(sampled, app.problem),
      componentCount: components.length,
      triggers,
      usage: usageOf(sampled?.row),
      ...(recentRequests === undefined ? {} : { recentRequests }),
      ...(newest === undefined ? {} : { lastFailure: failureOf(newest) }),
    };
  }
}
