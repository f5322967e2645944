import { expect, test } from "vitest";
import { Caches } from "./caches.ts";
import { KubeClient } from "./client.ts";
import { EventRecorder } from "./event-recorder.ts";
import { type FakeAnswer, FakeApi, type FakeHandler, refusal } from "./fake-api.ts";
import { FakeClock } from "./fake-clock.ts";
import { limits } from "../limits.ts";
import type { Log } from "./log.ts";
import type { KubeObject } from "./object.ts";
import { ObjectCache } from "./object-cache.ts";
import { resourceType } from "./resource.ts";
import type { TransportRequest } from "./transport.ts";

const pods = resourceType({ apiVersion: "v1", kind: "Pod", plural: "pods" });

function pod(name: string, resourceVersion: string): KubeObject {
  return { metadata: { namespace: "n", name, uid: `uid-${name}`, resourceVersion } };
}

function list(items: KubeObject[], resourceVersion: string, token?: string): FakeAnswer {
  const metadata = { resourceVersion, ...(token === undefined ? {} : { continue: token }) };
  return { status: 200, body: { metadata, items } };
}

/** Answers by what is asked: initial events, a watch, a list, a page. */
function kindOf({ path }: TransportRequest): "initial" | "watch" | "page" | "list" | "whole" {
  if (path.includes("sendInitialEvents")) return "initial";
  if (path.includes("watch=true")) return "watch";
  if (path.includes("continue=")) return "page";
  return path.includes("limit=") ? "list" : "whole";
}

/** A log that keeps its messages. */
class KeptLog implements Log {
  readonly lines: string[] = [];
  readonly debug = (): void => undefined;
  readonly info = (_: object, message: string): void => void this.lines.push(message);
  readonly warn = this.info;
  readonly error = this.info;
}

function started(handle: FakeHandler): {
  api: FakeApi;
  clock: FakeClock;
  cache: ObjectCache<KubeObject>;
  log: KeptLog;
  stop: () => Promise<void>;
} {
  const api = new FakeApi(handle);
  const clock = new FakeClock();
  const log = new KeptLog();
  const client = new KubeClient({ transport: api, userAgent: "test", clock });
  const cache = new ObjectCache({ client, type: pods, clock, random: () => 1, log });
  const controller = new AbortController();
  const running = cache.run(controller.signal);
  const stop = async (): Promise<void> => {
    controller.abort();
    await running;
  };
  return { api, clock, cache, log, stop };
}

const refused = refusal(422, "Invalid");
const never = new Promise<FakeAnswer>(() => undefined);

test("the list expires between two pages: it is read in one piece", async () => {
  const { api, clock, cache, stop } = started((request) => {
    switch (kindOf(request)) {
      case "initial":
        return refused;
      case "list":
        return list([pod("a", "1")], "5", "token");
      case "page":
        return refusal(410, "Expired");
      case "whole":
        return list([pod("a", "1"), pod("b", "2")], "6");
      case "watch":
        return never;
    }
  });
  await clock.advance(0);
  expect(cache.store.size).toBe(2);
  expect(api.requests.map(kindOf)).toEqual(["initial", "list", "page", "whole", "watch"]);
  expect(api.requests.at(-1)?.path).toContain("resourceVersion=6");
  await stop();
  expect(clock.timers).toBe(0);
});

test("initial events are only taken when they are complete", async () => {
  const added = JSON.stringify({ type: "ADDED", object: pod("a", "1") });
  const annotations = { "k8s.io/initial-events-end": "true" };
  const end = { type: "BOOKMARK", object: { metadata: { resourceVersion: "7", annotations } } };
  const deleted = JSON.stringify({ type: "DELETED", object: pod("a", "8") });
  const bodies = [`${added}\n`, `${added}\n${JSON.stringify(end)}\n${deleted}\n`];
  const { api, clock, cache, stop } = started((request) => {
    if (kindOf(request) === "watch") return never;
    if (kindOf(request) === "list") return list([pod("b", "3")], "9");
    return { status: 200, body: bodies[0] };
  });
  await clock.advance(0);
  expect(cache.hasSynced).toBe(false);
  await clock.advance(limits.reconnectMsMin);
  // It ended early once: the server is not asked to stream again.
  expect(api.requests.map(kindOf)).toEqual(["initial", "list", "watch"]);
  expect(cache.store.list().map(({ metadata }) => metadata.name)).toEqual(["b"]);
  await stop();

  const complete = started((request) =>
    kindOf(request) === "initial" ? { status: 200, body: bodies[1] } : never,
  );
  const told: string[] = [];
  complete.cache.addHandler({
    added: (_, { initial }) => told.push(`added ${initial}`),
    deleted: ({ metadata }) => told.push(`deleted ${metadata.resourceVersion}`),
  });
  await complete.clock.advance(0);
  expect(told).toEqual(["added true", "deleted 8"]);
  expect(complete.api.requests.at(-1)?.path).toContain("resourceVersion=8");
  await complete.stop();
});

test("a handler that throws hurts nobody; one that is disposed hears nothing", async () => {
  const { clock, cache, log, stop } = started((request) => {
    if (kindOf(request) === "initial") return refused;
    return kindOf(request) === "list" ? list([pod("a", "1")], "5") : never;
  });
  const told: string[] = [];
  cache.addHandler({
    added: () => {
      throw new Error("oh");
    },
  });
  cache.addHandler({ added: ({ metadata }) => void told.push(metadata.name) });
  cache.addHandler({ added: () => void told.push("never") })[Symbol.dispose]();
  await clock.advance(0);
  expect(told).toEqual(["a"]);
  expect(log.lines).toEqual(["a change handler failed"]);
  cache.addHandler({ added: (_, { initial }) => void told.push(`late ${initial}`) });
  expect(told).toEqual(["a", "late true"]);
  await stop();
});

test("without rights it says so, tries on, and can be waited for", async () => {
  let allowed = false;
  const { clock, cache, stop } = started((request) => {
    if (!allowed) return refusal(403, "Forbidden");
    if (kindOf(request) === "initial") return refused;
    return kindOf(request) === "list" ? list([], "5") : never;
  });
  const impatient = new AbortController();
  const unready = cache.synced(impatient.signal);
  await clock.advance(60_000);
  expect(cache.health).toMatchObject({ kind: "starting", error: { reason: "Forbidden" } });
  impatient.abort();
  expect(await unready).toBe(false);
  allowed = true;
  const ready = cache.synced(new AbortController().signal);
  await clock.advance(limits.reconnectMsMax);
  expect(await ready).toBe(true);
  await stop();
  expect(cache.health).toEqual({ kind: "stopped" });
});

test("caches are shared by type and selection; what is not current is told", async () => {
  const clock = new FakeClock();
  const api = new FakeApi(() => refusal(403, "Forbidden", "no rights"));
  const client = new KubeClient({ transport: api, userAgent: "test", clock });
  const caches = new Caches({ client, clock });
  const all = caches.of(pods);
  expect(caches.of(pods)).toBe(all);
  expect(caches.of(pods, { selection: { namespace: "n" } })).not.toBe(all);
  const stop = new AbortController();
  const running = caches.run(stop.signal);
  await clock.advance(0);
  expect(caches.complaint()).toMatch(/^pods starting: GET .*no rights; pods starting: /);
  expect(() => caches.of(pods, { selection: { namespace: "late" } })).toThrow(/after start/);
  stop.abort();
  await running;
  expect(clock.timers).toBe(0);
});

test("events: more than can wait are dropped and counted; a refusal stops nothing", async () => {
  const clock = new FakeClock();
  const log = new KeptLog();
  const api = new FakeApi(() => refusal(403, "Forbidden"));
  const client = new KubeClient({ transport: api, userAgent: "test", clock });
  const options = { client, controller: "example.dev/test", instance: "i", clock, log };
  const recorder = new EventRecorder(options);
  for (let index = 0; index < limits.eventsWaitingMax + 50; index += 1) {
    const regarding = { apiVersion: "v1", kind: "Pod", namespace: "n", name: `p${index}` };
    recorder.record({ regarding, type: "Normal", reason: "R", action: "A", note: "n" });
  }
  expect(recorder.dropped).toBe(50);
  const stop = new AbortController();
  const running = recorder.run(stop.signal);
  while (api.requests.length < limits.eventsWaitingMax) await clock.advance(0);
  stop.abort();
  await running;
  expect(log.lines).toHaveLength(limits.eventsWaitingMax);
  expect(clock.timers).toBe(0);
});
