import { expect, test } from "vitest";
import type { SpinApp } from "../../../operator/api/spin-app.ts";
import type { Condition } from "../../../operator/kube/object.ts";
import { appRow, shortDigest, webAddress } from "./app-row.ts";
import { troublesOf } from "./app-trouble.ts";
import { remedyOf } from "./remedies.ts";
import type { ConditionJson, ContainerStatusJson, PodJson, SpinAppJson } from "./spin-app-json.ts";

const since = "2026-01-02T03:04:05Z";

function condition(
  type: string,
  status: "True" | "False",
  reason: string,
  message = "",
): Condition {
  return { type, status, reason, message, lastTransitionTime: since };
}

/** As the operator writes it: the type is the operator's own. */
const running: SpinApp = {
  metadata: { name: "hello", namespace: "shop" },
  spec: { image: "registry.example/hello:1", executor: "containerd-shim-spin", replicas: 3 },
  status: {
    conditions: [condition("Ready", "True", "AppReady", "2 of 3 pods are ready")],
    activeScheduler: "containerd-shim-spin",
    url: "http://hello.shop.svc",
    readyReplicas: 2,
    replicas: 3,
    image: "registry.example/hello:1",
    imageDigest: `sha256:${"0123456789abcdef".repeat(4)}`,
  },
};

test("a running app", () => {
  expect(appRow(running)).toEqual({
    pods: "2/3",
    state: "AppReady",
    mood: "success",
    message: "2 of 3 pods are ready",
    url: "http://hello.shop.svc",
    image: "registry.example/hello:1",
    digest: "sha256:0123456789ab",
    executor: "containerd-shim-spin",
  });
  expect(troublesOf(running, [pod({ ready: true, state: {} })])).toEqual([]);
});

function app(conditions: readonly ConditionJson[], spec: SpinAppJson["spec"] = {}): SpinAppJson {
  return { metadata: { name: "hello" }, spec, status: { conditions } };
}

test.each<[string, SpinAppJson, string, string]>([
  ["nobody has looked at", { metadata: { name: "new" } }, "Unknown", ""],
  ["begins", app([condition("Ready", "False", "Starting")]), "Starting", "warning"],
  ["is a job at work", app([condition("Ready", "False", "Running")]), "Running", "warning"],
  [
    "is stuck",
    app([condition("Ready", "False", "Starting"), condition("Stalled", "True", "Starting")]),
    "Starting",
    "error",
  ],
  ["crashes", app([condition("Ready", "False", "AppCrashes")]), "AppCrashes", "error"],
])("an app that %s", (_what, given, state, mood) => {
  expect(appRow(given)).toMatchObject({ state, mood });
});

test.each<[SpinAppJson["spec"], SpinAppJson["status"], string]>([
  [{}, { readyReplicas: 1 }, "1/1"],
  [{ replicas: 0 }, {}, "0/0"],
  [{ autoscaling: {} }, { readyReplicas: 2, replicas: 4 }, "2/4"],
  [{ enableAutoscaling: true, replicas: 0 }, { replicas: 1 }, "0/1"],
  [{ job: {} }, { readyReplicas: 1 }, "1"],
])("pods of %j with %j are %s", (spec = {}, status = {}, pods) => {
  expect(appRow({ metadata: { name: "a" }, spec, status }).pods).toBe(pods);
});

test.each([
  ["https://a.example/x", "https://a.example/x"],
  [undefined, undefined],
  ["", undefined],
  ["javascript:alert(1)", undefined],
  ["http://", undefined],
  [" http://a", undefined],
])("the address %j opens %j", (url, opens) => {
  expect(webAddress(url)).toBe(opens);
});

test.each(["", "sha256", "sha256:"])("%j is no digest", (text) => {
  expect(shortDigest(text)).toBe("");
});

function pod(container: Partial<ContainerStatusJson>, status: PodJson["status"] = {}): PodJson {
  const containerStatuses = [{ name: "hello", ...container }];
  return { metadata: { name: "hello-x" }, status: { containerStatuses, ...status } };
}

const crashed = { exitCode: 1, message: "variable greeting is missing\n" };

test.each<[string, PodJson, [reason: string, message: string], RegExp]>([
  [
    "its image cannot be pulled",
    pod({ state: { waiting: { reason: "ImagePullBackOff", message: "not found" } } }),
    ["ImagePullBackOff", "hello: not found"],
    /image's name/,
  ],
  [
    "the app ended, and said why",
    pod({
      state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 10s" } },
      lastState: { terminated: crashed },
    }),
    ["AppCrashes", "hello: variable greeting is missing (exit code 1)"],
    /spec\.variables/,
  ],
  [
    "it was too big",
    pod({ state: { terminated: { exitCode: 137, reason: "OOMKilled" } } }),
    ["OutOfMemory", "hello: it left no message (exit code 137)"],
    /limits\.memory/,
  ],
  [
    "no node fits",
    pod({}, { conditions: [condition("PodScheduled", "False", "Unschedulable", "0/3 nodes fit")] }),
    ["Unschedulable", "0/3 nodes fit"],
    /whorl\.dev\/ready/,
  ],
  [
    "the node put it out",
    { metadata: { name: "hello-x" }, status: { phase: "Failed", reason: "Evicted" } },
    ["Evicted", ""],
    /request what/,
  ],
])("a pod fails because %s", (_why, failing, [reason, message], remedy) => {
  expect(troublesOf(running, [failing])).toEqual([
    { about: "Pod hello-x", reason, message, remedy: expect.stringMatching(remedy) as string },
  ]);
});

test.each<[string, PodJson]>([
  ["is being made", pod({ state: { waiting: { reason: "ContainerCreating" } } })],
  ["runs again", pod({ ready: true, state: {}, lastState: { terminated: crashed } })],
  ["has done its work", pod({ state: { terminated: { exitCode: 0 } } })],
  ["nobody has looked at", { metadata: { name: "new" } }],
])("a pod that %s is no trouble", (_what, fine) => {
  expect(troublesOf(running, [fine])).toEqual([]);
});

test("the app's own reason comes before its pods'", () => {
  const failing = app([condition("Ready", "False", "MissingExecutor", "no executor nobody")]);
  const waiting = pod({ state: { waiting: { reason: "ErrImagePull" } } });
  expect(troublesOf(failing, [waiting]).map(({ about }) => about)).toEqual([
    "SpinApp hello",
    "Pod hello-x",
  ]);
});

test.each([
  ["Pending", "", "The pod's events and its log say more."],
  ["FailedCreate", 'RuntimeClass "x" not found', "Install the RuntimeClass"],
])("%s %s: %s", (reason, message, remedy) => {
  expect(remedyOf(reason, message)).toContain(remedy);
});
