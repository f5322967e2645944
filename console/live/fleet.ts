import type {
  AppSample,
  AppSummary,
  AppUsage,
  ConsoleInfo,
  Usage,
  UsageSample,
} from "../../runtime/telemetry/admin/console-api.ts";
import { Changes } from "./changes.ts";
import type { Connection } from "./follow-events.ts";

/** An app and what it did lately. */
export interface FleetApp {
  readonly summary: AppSummary;
  /** Requests per second, oldest first, one for each sample. */
  readonly rates: readonly number[];
}

/** Samples that a small chart in the table shows. */
export const sparkSamples = 60;

/** All apps as they are now. Samples change it; who shows it subscribes. */
export class Fleet extends Changes {
  readonly #apps = new Map<string, FleetApp>();
  #totals: AppSample | undefined;
  #process: UsageSample["process"];
  #info: ConsoleInfo | undefined;
  #connection: Connection = "connecting";
  #refusal = "";
  #isLoaded = false;
  #aheadMs = 0;

  get apps(): readonly FleetApp[] {
    return [...this.#apps.values()];
  }

  get totals(): AppSample | undefined {
    return this.#totals;
  }

  get process(): UsageSample["process"] {
    return this.#process;
  }

  get info(): ConsoleInfo | undefined {
    return this.#info;
  }

  get connection(): Connection {
    return this.#connection;
  }

  /** Why access was denied, in the server's words; `""` where it was not. */
  get refusal(): string {
    return this.#refusal;
  }

  /** Whether requests are known here, and with them latency, memory and cold starts. */
  get knowsRequests(): boolean {
    return this.#info === undefined || this.#info.requestsKept > 0;
  }

  /** Whether the list of apps has come at least once. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  find(id: string): FleetApp | undefined {
    return this.#apps.get(id);
  }

  /** How far the server's clock is ahead of this one, milliseconds. */
  get aheadMs(): number {
    return this.#aheadMs;
  }

  setInfo(info: ConsoleInfo, receivedMs: number): void {
    this.#info = info;
    this.#aheadMs = info.nowMs - receivedMs;
    this.changed();
  }

  setConnection(connection: Connection, refusal = ""): void {
    this.#connection = connection;
    this.#refusal = refusal;
    this.changed();
  }

  /** The whole list: what is not in it is gone. */
  replace(apps: readonly AppSummary[]): void {
    const before = new Map(this.#apps);
    this.#apps.clear();
    for (const summary of apps) {
      const rates = before.get(summary.id)?.rates ?? summary.recentRequests ?? [];
      this.#apps.set(summary.id, { summary, rates });
    }
    this.#isLoaded = true;
    this.changed();
  }

  /**
   * What changed in a second. @returns whether it names an app that is not known: the list has to be
   * read again.
   */
  update(sample: UsageSample): boolean {
    this.#totals = sample.totals;
    this.#process = sample.process;
    for (const id of sample.gone) this.#apps.delete(id);
    const changed = new Map(sample.apps.map((each) => [each.id, each]));
    for (const [id, app] of this.#apps) this.#apps.set(id, updated(app, changed.get(id)));
    this.changed();
    return sample.apps.some(({ id }) => !this.#apps.has(id));
  }
}

function updated({ summary, rates }: FleetApp, now: AppUsage | undefined): FleetApp {
  const usage: Usage = now?.usage ?? summary.usage;
  const rate = usage.requestsPerSecond;
  const isStill = rate === 0 && rates.length === 0;
  return {
    summary: now === undefined ? summary : { ...summary, ...now },
    rates: isStill ? rates : [...rates.slice(1 - sparkSamples), rate],
  };
}
