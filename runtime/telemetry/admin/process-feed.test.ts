import { afterEach, beforeEach, expect, test } from "vitest";
import { RequestRecorder } from "../live/request-recorder.ts";
import { UsageSampler } from "../live/usage-sampler.ts";
import { RuntimeMetrics } from "../metrics/runtime-metrics.ts";
import type { ConsoleEvent } from "./console-api.ts";
import type { EventTopic } from "./console-view.ts";
import { type AppDescription, ProcessView } from "./process-view.ts";

let metrics: RuntimeMetrics;
let sampler: UsageSampler;
let served: AppDescription[];
let view: ProcessView;

beforeEach(() => {
  metrics = new RuntimeMetrics();
  sampler = new UsageSampler({ metrics, collect: () => undefined });
  served = [];
  view = new ProcessView({
    ...{ recorder: new RequestRecorder(), sampler },
    info: () => ({ title: "apps", version: "1", pid: 1, startedMs: 0 }),
    apps: () => served,
  });
});
afterEach(() => sampler[Symbol.dispose]());

function described(name: string, problem?: string): AppDescription {
  return { name, warnings: [], components: [], triggers: [], problem };
}

type Usage = Extract<ConsoleEvent, { readonly event: "usage" }>["data"];

/** What somebody who follows usage is told with each look. */
function following(app?: string): () => Partial<Usage> {
  const topics: ReadonlySet<EventTopic> = new Set(["usage"]);
  const feed = view.follow({ topics, filter: app === undefined ? {} : { app } });
  return () => {
    sampler.look();
    const usage = feed?.take().find((event) => event.event === "usage");
    return usage?.event === "usage" ? usage.data : {};
  };
}

test("apps that come and go are told of, whatever they have counted", () => {
  const look = following();
  served = [described("blog")];
  expect(look()).toMatchObject({ apps: [{ id: "blog", health: "idle" }], gone: [] });
  expect(look()).toMatchObject({ apps: [], gone: [] });
  served = [];
  expect(look()).toMatchObject({ apps: [], gone: ["blog"] });
});

test("an app that cannot be served fails, and why is said; it is well when that is mended", () => {
  served = [described("blog")];
  const look = following();
  served = [described("blog", "its file is missing")];
  const healthReason = "it cannot be served: its file is missing";
  expect(look()).toMatchObject({ apps: [{ id: "blog", health: "failing", healthReason }] });
  metrics.memory.with("blog", "c").set(1);
  expect(look()).toMatchObject({ apps: [{ id: "blog", health: "failing", healthReason }] });
  served = [described("blog")];
  expect(look()).toMatchObject({ apps: [{ id: "blog", health: "idle" }] });
});

test("who follows one app is not told of others", () => {
  const look = following("shop");
  served = [described("blog"), described("shop")];
  expect(look()).toMatchObject({ apps: [{ id: "shop" }], gone: [] });
  served = [];
  expect(look()).toMatchObject({ apps: [], gone: ["shop"] });
});

test("an app whose figures were forgotten is still there", () => {
  served = [described("blog")];
  metrics.memory.with("blog", "c").set(1);
  sampler.look();
  const look = following();
  metrics.forget("blog");
  expect(look()).toMatchObject({ gone: [] });
});
