import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ConsoleInfo, UsageSample } from "../../runtime/telemetry/admin/console-api.ts";
import type { EventQuery, EventTopic } from "../../runtime/telemetry/admin/console-view.ts";
import type { SpinApp } from "../api/spin-app.ts";
import type { ChangeHandler } from "../kube/object-cache.ts";
import { ObjectStore } from "../kube/object-store.ts";
import { limits } from "../limits.ts";
import { ClusterFeed, type ClusterFeedParts } from "./cluster-feed.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

/** Apps that are changed by hand. */
class Apps {
  readonly store = new ObjectStore<SpinApp>();
  handler: ChangeHandler<SpinApp> | undefined;

  addHandler(handler: ChangeHandler<SpinApp>): Disposable {
    this.handler = handler;
    for (const app of this.store.list()) handler.added?.(app, { initial: true });
    return { [Symbol.dispose]: () => void (this.handler = undefined) };
  }

  put(namespace: string, name: string, reason: string): void {
    const status = reason === "AppReady" ? "True" : "False";
    const lastTransitionTime = "2026-01-01T00:00:00Z";
    const ready = { type: "Ready", status, reason, message: "told", lastTransitionTime } as const;
    const change = this.store.put({
      metadata: { name, namespace },
      spec: { image: "i", executor: "x" },
      status: { readyReplicas: 0, conditions: [ready] },
    });
    if (change.kind === "added") this.handler?.added?.(change.object, { initial: false });
    if (change.kind === "updated") this.handler?.updated?.(change.object, change.old);
  }

  remove(key: string): void {
    const change = this.store.remove(key);
    if (change !== undefined) this.handler?.deleted?.(change.object);
  }
}

function follow(
  apps: Apps,
  {
    topics = ["usage", "failures"],
    app,
    ...more
  }: Partial<ClusterFeedParts> & { topics?: readonly EventTopic[]; app?: string } = {},
): { readonly feed: ClusterFeed; next(): readonly (readonly [string, unknown])[] } {
  const query: EventQuery = {
    topics: new Set(topics),
    filter: app === undefined ? {} : { app },
  };
  const feed = new ClusterFeed(query, {
    caches: {
      apps,
      deployments: {
        store: new ObjectStore(),
        addHandler: () => ({ [Symbol.dispose]: () => undefined }),
      },
    },
    namespaces: "all",
    info: () => ({ title: "c" }) as ConsoleInfo,
    onEnd: () => undefined,
    ...more,
  });
  const next = (): readonly (readonly [string, unknown])[] => {
    vi.setSystemTime(Date.now() + limits.consoleTellMs);
    return feed.take().map(({ event, data }) => [event, data] as const);
  };
  return { feed, next };
}

const changed = (data: unknown): unknown => {
  const { apps, gone } = data as UsageSample;
  return [...apps.map(({ id, health }) => `${id} ${health}`), ...gone.map((id) => `${id} gone`)];
};

test("who it is first, then only what changes, one entry for each app", () => {
  const apps = new Apps();
  apps.put("shop", "cart", "AppReady");
  const { next } = follow(apps);
  const [info, usage, ...rest] = next();
  expect([info?.[0], usage?.[0], rest]).toEqual(["info", "usage", []]);
  expect(changed(usage?.[1])).toEqual([]);
  expect(next()).toEqual([]);
  apps.put("shop", "cart", "Starting");
  apps.put("shop", "cart", "AppReady");
  apps.put("shop", "new", "AppReady");
  apps.put("shop", "short", "AppReady");
  apps.remove("shop/short");
  expect(changed(next()[0]?.[1])).toEqual([
    ...["shop/cart healthy", "shop/new healthy", "shop/short gone"],
  ]);
  expect(next()).toEqual([]);
});

test("no more often than once a second", () => {
  const apps = new Apps();
  const { feed } = follow(apps);
  expect(feed.take()).toHaveLength(2);
  apps.put("shop", "cart", "AppReady");
  expect(feed.take()).toEqual([]);
  vi.setSystemTime(Date.now() + limits.consoleTellMs);
  expect(feed.take()).toHaveLength(1);
});

test("a failure is told once, when it begins, and the bound is kept", () => {
  const apps = new Apps();
  apps.put("shop", "cart", "AppReady");
  const { next } = follow(apps, { topics: ["failures"] });
  next();
  apps.put("shop", "cart", "AppCrashes");
  apps.put("shop", "cart", "ImagePullFailed");
  expect(next()).toMatchObject([["failures", { failures: [{ code: "AppCrashes" }], lost: 0 }]]);
  for (let at = 0; at < limits.consoleFailuresMax + 5; at++) {
    apps.put("shop", "cart", "AppReady");
    apps.put("shop", "cart", "AppCrashes");
  }
  const [[, failed] = []] = next();
  expect((failed as { failures: unknown[] }).failures).toHaveLength(limits.consoleFailuresMax);
  expect(failed).toMatchObject({ lost: 5 });
});

test.each([
  ["of another namespace", { namespaces: new Set(["billing"]) }],
  ["that is not asked for", { app: "shop/other" }],
  ["on a topic that is not asked for", { topics: ["requests"] as const }],
])("nothing about an app %s", (_, more) => {
  const apps = new Apps();
  apps.put("shop", "cart", "AppReady");
  const { next } = follow(apps, more);
  next();
  apps.put("shop", "cart", "AppCrashes");
  apps.remove("shop/cart");
  expect(next()).toEqual([]);
});

test("whoever leaves is told nothing more, and gives the place back", () => {
  const apps = new Apps();
  const onEnd = vi.fn<() => void>();
  const { feed } = follow(apps, { onEnd });
  feed[Symbol.dispose]();
  expect(apps.handler).toBeUndefined();
  expect(onEnd).toHaveBeenCalledOnce();
});
