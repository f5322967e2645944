import { describe, expect, test } from "vitest";
import type { ConsoleView } from "../../runtime/telemetry/admin/console-view.ts";
import { KubeClient } from "../kube/client.ts";
import { FakeApi, type FakeAnswer, refusal } from "../kube/fake-api.ts";
import { FakeClock } from "../kube/fake-clock.ts";
import { limits } from "../limits.ts";
import { ConsoleGuard } from "./console-guard.ts";
import type { ConsoleRights } from "./console-rights.ts";

interface Attributes {
  readonly resource: string;
  readonly verb: string;
  readonly namespace?: string;
}

interface Cluster {
  /** User by token. */
  readonly users: Record<string, string>;
  /** `user resource namespace`, `user resource *` for all namespaces. */
  readonly rights: Set<string>;
  readonly namespaces: readonly string[];
  /** What it answers instead. */
  instead?: FakeAnswer | Promise<FakeAnswer> | undefined;
}

interface Guarded {
  readonly guard: ConsoleGuard;
  readonly api: FakeApi;
  readonly clock: FakeClock;
  readonly logged: string[];
  /** Rights of what was granted. */
  seen(token: string): Promise<{ apps: unknown; pods: unknown } | string>;
}

function guarded(cluster: Cluster): Guarded {
  const clock = new FakeClock();
  const logged: string[] = [];
  const api = new FakeApi(async ({ body = "" }) => {
    if (cluster.instead !== undefined) return await cluster.instead;
    return { status: 201, body: answerTo(cluster, JSON.parse(body) as Review) };
  });
  const note = (fields: object, message: string): void =>
    void logged.push(`${message} ${JSON.stringify(fields)}`);
  const rightsOf = new Map<ConsoleView, ConsoleRights>();
  const guard = new ConsoleGuard({
    client: new KubeClient({ transport: api, userAgent: "test", clock }),
    clock,
    log: { debug: note, info: note, warn: note, error: note },
    namespaces: () => cluster.namespaces,
    viewOf: (rights) => {
      const view = {} as ConsoleView;
      rightsOf.set(view, rights);
      return view;
    },
  });
  const seen: Guarded["seen"] = async (token) => {
    const verdict = await guard.authorize(token);
    if (verdict.kind !== "granted") return `${verdict.kind}: ${verdict.reason}`;
    const { apps, pods } = rightsOf.get(verdict.view ?? ({} as ConsoleView)) ?? {};
    const listed = (names: ConsoleRights["apps"] | undefined): unknown =>
      names === "all" ? names : [...(names ?? [])];
    return { apps: listed(apps), pods: listed(pods) };
  };
  return { guard, api, clock, logged, seen };
}

interface Review {
  readonly kind: string;
  readonly spec: {
    readonly token?: string;
    readonly user?: string;
    readonly resourceAttributes?: Attributes;
  };
}

function answerTo({ users, rights }: Cluster, { kind, spec }: Review): object {
  if (kind === "TokenReview") {
    const username = users[spec.token ?? ""];
    return { status: username === undefined ? {} : { authenticated: true, user: { username } } };
  }
  const { resource = "", verb, namespace = "*" } = spec.resourceAttributes ?? {};
  const allowed = verb === "list" && rights.has(`${spec.user} ${resource} ${namespace}`);
  return { status: { allowed } };
}

const users = { t1: "ann", t2: "system:serviceaccount:zoo:bob", t3: "cyd" };

function cluster(rights: readonly string[], more: Partial<Cluster> = {}): Cluster {
  return { users, rights: new Set(rights), namespaces: ["billing", "shop"], ...more };
}

describe("rights", () => {
  test.each<[string, readonly string[], string, unknown]>([
    ["everything", ["ann spinapps *", "ann pods *"], "t1", { apps: "all", pods: "all" }],
    [
      "all apps, pods of one",
      ["ann spinapps *", "ann pods shop"],
      "t1",
      { apps: "all", pods: ["shop"] },
    ],
    ["apps of one", ["ann spinapps shop"], "t1", { apps: ["shop"], pods: [] }],
    [
      "pods without apps are none",
      ["ann spinapps shop", "ann pods shop", "ann pods billing"],
      "t1",
      { apps: ["shop"], pods: ["shop"] },
    ],
    [
      "an account's own namespace, though it has no apps",
      ["system:serviceaccount:zoo:bob spinapps zoo"],
      "t2",
      { apps: ["zoo"], pods: [] },
    ],
  ])("%s", async (_, rights, token, expected) => {
    expect(await guarded(cluster(rights)).seen(token)).toEqual(expected);
  });

  test.each([
    ["nobody's token", "x", /^unauthorized: this cluster does not know the token/],
    ["no rights", "t3", /^forbidden: cyd may list spinapps\.core\.spinkube\.dev in none/],
    ["rights to other things", "t1", /^forbidden: ann may/],
  ])("%s: %s", async (_, token, reason) => {
    const rights = ["ann pods *", "ann spinapps elsewhere", "dan spinapps *"];
    expect(await guarded(cluster(rights)).seen(token)).toMatch(reason);
  });

  test("no token is refused without asking", async () => {
    const { guard, api } = guarded(cluster([]));
    expect(await guard.authorize(undefined)).toMatchObject({ kind: "unauthorized" });
    expect(api.requests).toEqual([]);
  });

  test("of very many namespaces only some are asked about, the account's own among them", async () => {
    const namespaces = Array.from({ length: 600 }, (_, at) => `n${String(at).padStart(3, "0")}`);
    const user = "system:serviceaccount:zoo:bob";
    const rights = [`${user} spinapps zoo`, `${user} spinapps n000`, `${user} spinapps n599`];
    const { seen, api } = guarded(cluster(rights, { namespaces }));
    expect(await seen("t2")).toEqual({ apps: ["zoo", "n000"], pods: [] });
    expect(api.requests.length).toBeLessThan(limits.consoleNamespacesMax + 10);
  });
});

describe("what is remembered", () => {
  test("a verdict holds for a while, good or bad; many requests ask once", async () => {
    const { guard, api, clock, seen } = guarded(cluster(["ann spinapps *", "ann pods *"]));
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => guard.authorize("t1")));
    expect(new Set(verdicts.map((verdict) => "view" in verdict && verdict.view)).size).toBe(1);
    expect(api.requests).toHaveLength(3);
    expect(await seen("garbage")).toMatch(/^unauthorized/);
    expect(await seen("garbage")).toMatch(/^unauthorized/);
    expect(api.requests).toHaveLength(4);
    await clock.advance(limits.consoleVerdictMs);
    await seen("t1");
    expect(api.requests).toHaveLength(7);
  });

  test("the view stays the same while the rights do, and changes with them", async () => {
    const all = cluster(["ann spinapps shop"]);
    const { guard, clock } = guarded(all);
    const view = async (): Promise<unknown> => {
      const verdict = await guard.authorize("t1");
      return "view" in verdict ? verdict.view : verdict.kind;
    };
    const first = await view();
    await clock.advance(limits.consoleVerdictMs);
    expect(await view()).toBe(first);
    all.rights.add("ann spinapps billing");
    await clock.advance(limits.consoleVerdictMs);
    expect(await view()).not.toBe(first);
    all.rights.clear();
    await clock.advance(limits.consoleVerdictMs);
    expect(await view()).toBe("forbidden");
  });

  test("no more callers than the bound", async () => {
    const { guard } = guarded(cluster([]));
    for (let at = 0; at < limits.consoleCallersMax + 10; at++) await guard.authorize(`x${at}`);
    expect(guard.size).toBe(limits.consoleCallersMax);
  });
});

describe("an API server that does not answer", () => {
  test("lets nobody in, is told without the token, and is asked again at once", async () => {
    const all = cluster(["ann spinapps *"], { instead: refusal(403, "Forbidden", "no reviews") });
    const { seen, logged } = guarded(all);
    expect(await seen("t1")).toMatch(/^busy: /);
    expect(logged).toEqual([expect.stringContaining("no reviews")]);
    expect(logged.join("")).not.toContain('t1"');
    all.instead = undefined;
    expect(await seen("t1")).toEqual({ apps: "all", pods: [] });
  });

  test("is asked about a few callers at a time; the others are told to come again", async () => {
    const { promise, resolve } = Promise.withResolvers<FakeAnswer>();
    const all = cluster([], { instead: promise });
    const { guard, api } = guarded(all);
    const waiting = Array.from({ length: limits.consoleCallersAtOnceMax }, (_, at) =>
      guard.authorize(`x${at}`),
    );
    expect(await guard.authorize("one more")).toMatchObject({ kind: "busy" });
    expect(api.requests.length).toBeLessThanOrEqual(limits.consoleCallersAtOnceMax);
    resolve({ status: 201, body: { status: {} } });
    for (const verdict of await Promise.all(waiting)) expect(verdict.kind).toBe("unauthorized");
    expect(await guard.authorize("one more")).toMatchObject({ kind: "unauthorized" });
  });
});
