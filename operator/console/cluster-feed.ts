import type {
  AppSample,
  ConsoleEvent,
  ConsoleInfo,
  Failure,
} from "../../runtime/telemetry/admin/console-api.ts";
import type { ConsoleFeed, EventQuery } from "../../runtime/telemetry/admin/console-view.ts";
import type { SpinApp } from "../api/spin-app.ts";
import { keyText } from "../kube/object.ts";
import { limits } from "../limits.ts";
import { appHealth } from "./app-health.ts";
import { changeOf, readyFailure } from "./app-shapes.ts";
import type { ClusterCaches } from "./cluster-caches.ts";
import { type Namespaces, isIn } from "./console-rights.ts";

export interface ClusterFeedParts {
  readonly caches: Pick<ClusterCaches, "apps" | "deployments">;
  readonly namespaces: Namespaces;
  info(): ConsoleInfo;
  onEnd(): void;
}

const nothing: Omit<AppSample, "atMs"> = {
  requestsPerSecond: 0,
  errorsPerSecond: 0,
  coldStartsPerSecond: 0,
};

function isUnwell(app: SpinApp): boolean {
  const { health } = appHealth(app);
  return health === "failing" || health === "degraded";
}

/** What changes about apps while somebody follows: at most once a second, one entry for each app. */
export class ClusterFeed implements ConsoleFeed {
  readonly #parts: ClusterFeedParts;
  readonly #query: EventQuery;
  readonly #following: Disposable;
  /** Keys of apps that have changed, or are gone. */
  readonly #changed = new Set<string>();
  #failures: Failure[] = [];
  #failuresLost = 0;
  #missed = 0;
  #toldMs: number | undefined;

  constructor(query: EventQuery, parts: ClusterFeedParts) {
    this.#query = query;
    this.#parts = parts;
    let isNew = true;
    this.#following = parts.caches.apps.addHandler({
      // Of what is there already the reader asks the list.
      added: (app) => {
        if (!isNew) this.#note(app);
      },
      updated: (app, old) => this.#note(app, old),
      deleted: (app) => this.#note(app),
    });
    isNew = false;
  }

  take(): readonly ConsoleEvent[] {
    const nowMs = Date.now();
    const isFirst = this.#toldMs === undefined;
    if (!isFirst && nowMs - (this.#toldMs ?? 0) < limits.consoleTellMs) return [];
    const isQuiet = this.#changed.size === 0 && this.#failures.length === 0;
    if (!isFirst && isQuiet) return [];
    this.#toldMs = nowMs;
    const { topics } = this.#query;
    return [
      ...(isFirst ? [{ event: "info" as const, data: this.#parts.info() }] : []),
      ...(topics.has("usage") && (isFirst || this.#changed.size > 0) ? [this.#usage(nowMs)] : []),
      ...(this.#failures.length > 0 ? [this.#failed()] : []),
    ];
  }

  [Symbol.dispose](): void {
    this.#following[Symbol.dispose]();
    this.#parts.onEnd();
  }

  /** Quick, whatever happens: the operator's own work waits for it. */
  #note(app: SpinApp, old?: SpinApp): void {
    if (!isIn(this.#parts.namespaces, app.metadata.namespace)) return;
    const key = keyText(app.metadata);
    const { app: wanted } = this.#query.filter;
    if (wanted !== undefined && wanted !== key) return;
    if (this.#query.topics.has("usage")) this.#noteChange(key);
    // Told once, when it begins.
    if (old === undefined || !this.#query.topics.has("failures") || isUnwell(old)) return;
    const failure = readyFailure(app);
    if (failure === undefined) return;
    if (this.#failures.length < limits.consoleFailuresMax) this.#failures.push(failure);
    else this.#failuresLost += 1;
  }

  #noteChange(key: string): void {
    if (this.#changed.size < limits.consoleChangesMax) this.#changed.add(key);
    else if (!this.#changed.has(key)) this.#missed += 1;
  }

  #usage(atMs: number): ConsoleEvent {
    const { apps, deployments } = this.#parts.caches;
    const changed = [...this.#changed].map((key) => ({ key, app: apps.store.get(key) }));
    this.#changed.clear();
    const missed = this.#missed;
    this.#missed = 0;
    return {
      event: "usage",
      data: {
        atMs,
        totals: { atMs, ...nothing },
        apps: changed.flatMap(({ key, app }) =>
          app === undefined ? [] : [changeOf(app, deployments.store.get(key))],
        ),
        gone: changed.flatMap(({ key, app }) => (app === undefined ? [key] : [])),
        missed,
      },
    };
  }

  #failed(): ConsoleEvent {
    const data = { failures: this.#failures, lost: this.#failuresLost };
    this.#failures = [];
    this.#failuresLost = 0;
    return { event: "failures", data };
  }
}
