import type {
  AppDetail,
  AppList,
  ConsoleInfo,
  PodMap,
  RequestPage,
} from "../../runtime/telemetry/admin/console-api.ts";
import type {
  AppQuery,
  ConsoleFeed,
  ConsoleView,
  EventQuery,
} from "../../runtime/telemetry/admin/console-view.ts";
import type { SpinApp } from "../api/spin-app.ts";
import { OperatorError } from "../error.ts";
import { resolveExecutor } from "../desired/executor.ts";
import { keyText } from "../kube/object.ts";
import { limits } from "../limits.ts";
import { indexes } from "../reconcile/watched.ts";
import { appHealth } from "./app-health.ts";
import { detailOf, summaryOf } from "./app-shapes.ts";
import type { ClusterCaches } from "./cluster-caches.ts";
import { ClusterFeed } from "./cluster-feed.ts";
import { type ConsoleRights, isIn } from "./console-rights.ts";
import { podMapOf } from "./pod-shapes.ts";

export interface ClusterViewParts {
  readonly caches: ClusterCaches;
  readonly title: string;
  readonly version: string;
  readonly startedMs: number;
  /** Places for those that follow changes, of all views together. */
  readonly feeds: FeedPlaces;
}

/** How many follow changes at this moment. */
export interface FeedPlaces {
  taken: number;
}

const sampleEveryMs = limits.consoleTellMs;

/** What somebody with certain rights sees of a cluster: only what is in namespaces of theirs. */
export class ClusterView implements ConsoleView {
  readonly #parts: ClusterViewParts;
  readonly #rights: ConsoleRights;

  constructor(parts: ClusterViewParts, rights: ConsoleRights) {
    this.#parts = parts;
    this.#rights = rights;
  }

  info(): ConsoleInfo {
    const { title, version, startedMs } = this.#parts;
    return {
      ...{ apiVersion: 1, scope: "cluster", title, version, startedMs, nowMs: Date.now() },
      ...{ sampleEveryMs, samplesKept: 0, requestsKept: 0 },
    };
  }

  apps({ search, health, offset, limit }: AppQuery): AppList {
    const wanted = search.toLowerCase();
    const found = this.#visibleApps()
      .map((app) => ({ key: keyText(app.metadata), app }))
      .filter(({ key }) => wanted === "" || key.toLowerCase().includes(wanted))
      .filter(({ app }) => health.length === 0 || health.includes(appHealth(app).health))
      .toSorted((one, other) => (one.key < other.key ? -1 : 1));
    const { deployments } = this.#parts.caches;
    const apps = found
      .slice(offset, offset + limit)
      .map(({ key, app }) => summaryOf(app, deployments.store.get(key)));
    return { atMs: Date.now(), total: found.length, apps };
  }

  app(id: string): AppDetail | undefined {
    const { caches } = this.#parts;
    const app = caches.apps.store.get(id);
    if (app === undefined || !isIn(this.#rights.apps, app.metadata.namespace)) return undefined;
    const mayPods = isIn(this.#rights.pods, app.metadata.namespace);
    return detailOf(app, {
      deployment: caches.deployments.store.get(id),
      pods: mayPods ? caches.pods.store.byIndex(indexes.byApp, id) : [],
      isWasm: this.#isWasmApp(app),
    });
  }

  requests(): RequestPage {
    return { requests: [], next: "0", lost: 0 };
  }

  request(): undefined {
    return undefined;
  }

  pods(): PodMap {
    const { caches } = this.#parts;
    const pods = caches.pods.store
      .list()
      .filter(({ metadata }) => isIn(this.#rights.pods, metadata.namespace));
    return podMapOf(pods, (key, container) => {
      const app = caches.apps.store.get(key);
      return app?.metadata.name === container && this.#isWasmApp(app);
    });
  }

  follow(query: EventQuery): ConsoleFeed | undefined {
    const { caches, feeds } = this.#parts;
    if (feeds.taken >= limits.consoleFeedsMax) return undefined;
    feeds.taken += 1;
    return new ClusterFeed(query, {
      caches,
      namespaces: this.#rights.apps,
      info: () => this.info(),
      onEnd: () => void (feeds.taken -= 1),
    });
  }

  #visibleApps(): readonly SpinApp[] {
    const { store } = this.#parts.caches.apps;
    const { apps } = this.#rights;
    if (apps === "all") return store.list();
    return [...apps].flatMap((namespace) => store.byIndex(indexes.byNamespace, namespace));
  }

  /** An executor with an image of its own runs the app as an ordinary container. */
  #isWasmApp({ metadata, spec }: SpinApp): boolean {
    const { executors, sharedExecutors } = this.#parts.caches;
    const choice = {
      own: executors.store.byIndex(indexes.byNamespace, metadata.namespace ?? ""),
      shared: sharedExecutors.store.byIndex(indexes.clusterDefaults, "true"),
    };
    try {
      const { deploymentConfig } = resolveExecutor(spec.executor, choice).spec;
      return deploymentConfig?.spinImage === undefined;
    } catch (error) {
      if (error instanceof OperatorError) return true;
      throw error;
    }
  }
}
