import type {
  AppDetail,
  AppList,
  AppSample,
  AppSummary,
  ConsoleEvent,
  ConsoleInfo,
  Failure,
  Health,
  PodMap,
  RequestDetail,
  RequestPage,
  Usage,
} from "../../runtime/telemetry/admin/console-api.ts";
import type {
  AppQuery,
  ConsoleFeed,
  ConsoleView,
} from "../../runtime/telemetry/admin/console-view.ts";
import { fleetPods } from "./fleet-pods.ts";

const namespaces = ["shop", "billing", "search", "media", "identity", "logistics", "edge", "lab"];
const nouns = [
  ...["cart", "checkout", "catalog", "prices", "stock", "reviews", "orders", "refunds", "invoices"],
  ...["ledger", "index", "suggest", "crawl", "resize", "thumbs", "captions", "login", "sessions"],
  ...["tokens", "profiles", "routes", "parcels", "labels", "quotes", "redirects", "banners"],
];
const samplesKept = 120;
const memoryLimitBytes = 128 * 1024 * 1024;

/** Figures that look like life and are the same each time. */
function wave(at: number, slow: number): number {
  return 0.5 + 0.3 * Math.sin(at / slow) + 0.2 * Math.sin(at * 12.9898 + slow * 78.233);
}

interface FakeApp {
  readonly id: string;
  readonly number: number;
  readonly health: Health;
}

/** A cluster of as many apps as wanted, whose seconds go by when {@link tick} says so. */
export class FleetView implements ConsoleView {
  readonly #apps: FakeApp[];
  readonly #startedMs = Date.now() - 3_600_000;
  #second = 0;
  /** Followers at this moment. */
  feeds = 0;

  constructor(count: number) {
    this.#apps = Array.from({ length: count }, (_, number) => {
      const namespace = namespaces[number % namespaces.length] ?? "";
      const noun = nouns[Math.floor(number / namespaces.length) % nouns.length] ?? "";
      const round = Math.floor(number / (namespaces.length * nouns.length));
      const id = `${namespace}/${noun}${round === 0 ? "" : `-${round + 1}`}`;
      return { id, number, health: healthOf(number) };
    });
  }

  get ids(): string[] {
    return this.#apps.map(({ id }) => id);
  }

  /** A second goes by. */
  tick(): void {
    this.#second++;
  }

  info(): ConsoleInfo {
    return {
      ...{ apiVersion: 1, scope: "cluster", title: "prod-eu-1", version: "0.1.0" },
      ...{ startedMs: this.#startedMs, nowMs: Date.now(), sampleEveryMs: 1_000 },
      ...{ samplesKept, requestsKept: 1_000 },
    };
  }

  apps({ offset, limit }: AppQuery): AppList {
    const apps = this.#apps.slice(offset, offset + limit).map((app) => this.#summary(app));
    return { atMs: Date.now(), total: this.#apps.length, apps };
  }

  app(id: string): AppDetail | undefined {
    const app = this.#apps.find((each) => each.id === id);
    if (app === undefined) return undefined;
    const usage = this.#usage(app, this.#second);
    const counts = [0, 1, 4, 22, 96, 310, 420, 180, 60, 20, 9, 2, 0];
    return {
      ...this.#summary(app),
      description: "What customers put aside before they buy it",
      warnings: [],
      components: [{ id: "main", source: "sha256:9f2c1b7e40aa", usage }],
      failures: app.health === "failing" ? [failureOf(app)] : [],
      history: Array.from({ length: samplesKept }, (_, at) => this.#sample(app, at)),
      latency: { boundsMs: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250], counts },
    };
  }

  requests(): RequestPage {
    return { requests: [], next: "0", lost: 0 };
  }

  request(): RequestDetail | undefined {
    return undefined;
  }

  pods(): PodMap {
    return fleetPods(this.#apps.slice(0, 40).map(({ id, health }) => ({ id, health })));
  }

  follow(): ConsoleFeed {
    this.feeds++;
    let told = -1;
    return {
      take: () => {
        if (told === this.#second) return [];
        const events = told === -1 ? [this.#infoEvent(), this.#usageEvent()] : [this.#usageEvent()];
        told = this.#second;
        return events;
      },
      [Symbol.dispose]: () => void this.feeds--,
    };
  }

  #infoEvent(): ConsoleEvent {
    return { event: "info", data: this.info() };
  }

  #usageEvent(): ConsoleEvent {
    const busy = this.#apps.filter(({ health }) => health !== "idle");
    const apps = busy.map((app) => {
      const { id, health, healthReason, usage } = this.#summary(app);
      return { id, health, healthReason, usage };
    });
    const sum = (of: (usage: Usage) => number): number =>
      apps.reduce((total, { usage }) => total + of(usage), 0);
    const totals: AppSample = {
      atMs: Date.now(),
      requestsPerSecond: sum((usage) => usage.requestsPerSecond),
      errorsPerSecond: sum((usage) => usage.errorsPerSecond),
      coldStartsPerSecond: sum((usage) => usage.coldStartsPerSecond),
      ...{ p50Ms: 1.2, p99Ms: 38 },
    };
    return { event: "usage", data: { atMs: Date.now(), totals, apps, gone: [], missed: 0 } };
  }

  #summary(app: FakeApp): AppSummary {
    const { id, health, number } = app;
    const [namespace = "", name = ""] = id.split("/");
    const recent = Array.from({ length: 60 }, (_, at) => rateOf(app, at - 60 + this.#second));
    return {
      ...{ id, name, namespace, health, version: `1.${number % 9}.0` },
      healthReason: reasonOf(health),
      componentCount: 1 + (number % 3),
      triggers: [{ kind: "http", id: "http", component: "main", source: `/${name}/...` }],
      usage: this.#usage(app, this.#second),
      ...(health === "failing" ? { lastFailure: failureOf(app) } : {}),
      ...(health === "idle" ? {} : { recentRequests: recent }),
    };
  }

  #usage(app: FakeApp, second: number): Usage {
    const { number, health } = app;
    const rate = rateOf(app, second);
    const total = Math.round(1_000 * wave(number, 3)) + 50 * second;
    return {
      requestsPerSecond: rate,
      errorsPerSecond: Math.round(rate * failingShares[health]),
      coldStartsPerSecond: number % 97 === 5 ? 2 : 0,
      ...(rate > 0 && { p50Ms: 0.3 + wave(number, 7) * 3, p99Ms: 4 + wave(number, 11) ** 3 * 900 }),
      ...{ inFlight: Math.round(rate / 50), requestsTotal: total, errorsTotal: 0 },
      ...{ coldStartsTotal: number % 14, limitHitsTotal: 0 },
      ...(health !== "pending" && { memoryBytes: Math.abs(wave(number, 5)) * 110 * 1024 * 1024 }),
      memoryLimitBytes,
    };
  }

  #sample(app: FakeApp, at: number): AppSample {
    const usage = this.#usage(app, at);
    const atMs = Date.now() - (samplesKept - 1 - at) * 1_000;
    return {
      atMs,
      requestsPerSecond: usage.requestsPerSecond,
      errorsPerSecond: usage.errorsPerSecond,
      coldStartsPerSecond: at % 40 === 7 ? 1 + (at % 3) : 0,
      p50Ms: 0.9 + 0.5 * wave(at, 9),
      p99Ms: 9 + 20 * Math.max(0, wave(at, 6)),
      memoryBytes: (60 + 12 * wave(at, 14)) * 1024 * 1024,
    };
  }
}

const failingShares: Readonly<Record<Health, number>> = {
  ...{ healthy: 0, idle: 0, pending: 0 },
  degraded: 0.08,
  failing: 0.85,
};

function healthOf(number: number): Health {
  if (number === 3 || number % 331 === 7) return "failing";
  if (number % 83 === 11) return "degraded";
  if (number % 61 === 17) return "pending";
  return number % 3 === 1 ? "idle" : "healthy";
}

function reasonOf(health: Health): string {
  switch (health) {
    case "failing":
      return "85 of 100 requests failed in the last minute: the guest broke down";
    case "degraded":
      return "8 of 100 requests failed in the last minute";
    case "pending":
      return "waiting for its image";
    case "healthy":
    case "idle":
      return "";
  }
}

function rateOf({ health, number }: FakeApp, second: number): number {
  if (health === "idle" || health === "pending") return 0;
  const size = 2 + 400 * Math.abs(wave(number, 2)) ** 4;
  return Math.max(1, Math.round(size * (0.8 + 0.4 * wave(second + number, 8))));
}

function failureOf({ id }: FakeApp): Failure {
  return {
    ...{ atMs: Date.now() - 4_000, app: id, component: "main", code: "limit" },
    message: "the guest used up its memory: 128 MiB\n    at function 77 (0x1d0c)",
    remedy: "Give it more memory (spec.resources.limits.memory), or let it use less.",
  };
}
