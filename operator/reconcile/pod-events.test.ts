import { expect, test } from "vitest";
import { KubeClient } from "../kube/client.ts";
import { FakeApi } from "../kube/fake-api.ts";
import { FakeClock } from "../kube/fake-clock.ts";
import { limits } from "../limits.ts";
import type { ObservedPod } from "../status/observed.ts";
import { PodEvents } from "./pod-events.ts";

const { signal } = new AbortController();

function pod(uid: string): ObservedPod {
  return { apiVersion: "v1", kind: "Pod", metadata: { name: uid, namespace: "shop", uid } };
}

function start(): { api: FakeApi; clock: FakeClock; podEvents: PodEvents } {
  const api = new FakeApi(({ path }) => {
    const message = decodeURIComponent(/involvedObject.uid%3D([^&]+)/u.exec(path)?.[1] ?? "");
    return { status: 200, body: { metadata: {}, items: [{ message }] } };
  });
  const clock = new FakeClock();
  const client = new KubeClient({ transport: api, userAgent: "test", clock });
  return { api, clock, podEvents: new PodEvents({ client, clock }) };
}

const told = async (podEvents: PodEvents, app: string, uid: string): Promise<string> =>
  (await podEvents.of(app, pod(uid), signal)).map(({ message }) => message).join();

test("what was heard of a pod holds for a while, and is asked again then", async () => {
  const { api, clock, podEvents } = start();
  for (const afterMs of [0, 1, limits.silentPodsMs - 2]) {
    await clock.advance(afterMs);
    expect(await told(podEvents, "shop/a", "u1")).toBe("u1");
    expect(api.requests).toHaveLength(1);
  }
  await clock.advance(1);
  expect(await told(podEvents, "shop/a", "u1")).toBe("u1");
  expect(api.requests).toHaveLength(2);
});

test("another pod of the app, and an app that was forgotten, are asked for at once", async () => {
  const { api, podEvents } = start();
  expect(await told(podEvents, "shop/a", "u1")).toBe("u1");
  expect(await told(podEvents, "shop/a", "u2")).toBe("u2");
  podEvents.forget("shop/a");
  expect(await told(podEvents, "shop/a", "u2")).toBe("u2");
  expect(api.requests).toHaveLength(3);
});

test("a hundred silent apps are asked for some at a time; what is known stays known", async () => {
  const { api, clock, podEvents } = start();
  const apps = Array.from({ length: 100 }, (_, index) => `shop/${index}`);
  const round = async (): Promise<number> => {
    const answers: string[] = [];
    for (const app of apps) answers.push(await told(podEvents, app, app));
    return answers.filter((answer) => answer !== "").length;
  };
  expect(await round()).toBe(limits.eventReadsBurst);
  expect(api.requests).toHaveLength(limits.eventReadsBurst);
  await clock.advance(1000);
  expect(await round()).toBe(limits.eventReadsBurst + limits.eventReadsPerSecond);
  expect(api.requests).toHaveLength(limits.eventReadsBurst + limits.eventReadsPerSecond);
});

test("nobody is asked for again while others wait for their first turn", async () => {
  const { clock, podEvents } = start();
  const apps = Array.from({ length: 100 }, (_, index) => `shop/${index}`);
  const silent = (): Promise<string[]> =>
    Promise.all(apps.map(async (app) => await told(podEvents, app, app)));
  const seconds = (apps.length - limits.eventReadsBurst) / limits.eventReadsPerSecond;
  for (let second = 0; second < seconds; second++) {
    await silent();
    await clock.advance(1000);
  }
  expect(await silent()).not.toContain("");
});

test("an app that is gone keeps nobody waiting", async () => {
  const { api, clock, podEvents } = start();
  const apps = Array.from({ length: limits.eventReadsBurst + 1 }, (_, index) => `shop/${index}`);
  for (const app of apps) await told(podEvents, app, app);
  podEvents.forget(apps.at(-1) ?? "");
  await clock.advance(limits.silentPodsMs);
  await told(podEvents, "shop/0", "shop/0");
  expect(api.requests).toHaveLength(limits.eventReadsBurst + 1);
});
