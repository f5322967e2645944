import { expect, test } from "vitest";
import { ShimError } from "../error.ts";
import {
  eventOf,
  type KubeNodeObject,
  type NodeReport,
  nodePatch,
  statusPatch,
} from "./node-report.ts";

const taints = ["whorl.dev/agent-not-ready", "readiness.k8s.io/whorl-agent-not-ready"];
const now = new Date("2026-01-02T03:04:05.678Z");
const error = new ShimError("failed_precondition", "it\n broke");
const ready: NodeReport = { kind: "ready", version: "1.0.0" };
const installing: NodeReport = {
  kind: "working",
  reason: "Installing",
  message: "installs",
  version: "1.0.0",
};

function node(parts: Partial<Omit<KubeNodeObject, "metadata">> & { labels?: object } = {}) {
  const { labels = {}, ...rest } = parts;
  const metadata = { name: "n", uid: "u", resourceVersion: "7", labels };
  return { metadata, ...rest } as KubeNodeObject;
}

const isReady = { "whorl.dev/ready": "true", "whorl.dev/version": "1.0.0" };
const startup = [
  { key: taints[0] ?? "", effect: "NoSchedule" },
  { key: taints[1] ?? "", value: "x", effect: "NoExecute" },
];
const foreign = { key: "other", value: "v", effect: "NoSchedule" };

test.each<[string, KubeNodeObject, NodeReport, object | undefined]>([
  ["new", node(), ready, { metadata: { labels: isReady } }],
  ["as it should be", node({ labels: isReady }), ready, undefined],
  [
    "startup taints go, whatever their effect; others stay",
    node({ labels: isReady, spec: { taints: [...startup, foreign] } }),
    ready,
    { metadata: { labels: {}, resourceVersion: "7" }, spec: { taints: [foreign] } },
  ],
  ["other taints alone", node({ labels: isReady, spec: { taints: [foreign] } }), ready, undefined],
  [
    "they stay until a canary has answered",
    node({ spec: { taints: startup } }),
    installing,
    { metadata: { labels: { "whorl.dev/version": "1.0.0" } } },
  ],
  ["it goes on working meanwhile", node({ labels: isReady }), installing, undefined],
  [
    "failed: nothing new is to come",
    node({ labels: isReady }),
    { kind: "failed", error },
    { metadata: { labels: { "whorl.dev/ready": null } } },
  ],
  [
    "removing: whoever waits sees it by its version",
    node({ labels: isReady }),
    { kind: "removing" },
    { metadata: { labels: { "whorl.dev/ready": null } } },
  ],
  [
    "removed",
    node({ labels: { "whorl.dev/version": "1.0.0", other: "x" } }),
    { kind: "removed" },
    { metadata: { labels: { "whorl.dev/version": null } } },
  ],
])("labels and taints: %s", (_name, found, report, patch) => {
  expect(nodePatch(found, report, taints)).toEqual(patch);
});

const works = {
  type: "WhorlReady",
  status: "True",
  reason: "Ready",
  message: "version 1.0.0 runs Wasm containers",
};
const time = "2026-01-02T03:04:05Z";

test.each<[string, KubeNodeObject, NodeReport, object | undefined]>([
  ["new", node(), ready, { ...works, lastTransitionTime: time, lastHeartbeatTime: time }],
  ["as it should be", node({ status: { conditions: [works] } }), ready, undefined],
  [
    "another reason: no transition",
    node({ status: { conditions: [works] } }),
    { ...ready, error },
    {
      ...works,
      reason: "FailedPrecondition",
      message: "version 1.0.0 runs Wasm containers, but: it broke",
      lastHeartbeatTime: time,
    },
  ],
  [
    "failed",
    node({ status: { conditions: [works] } }),
    { kind: "failed", error },
    {
      ...works,
      status: "False",
      reason: "FailedPrecondition",
      message: "it broke",
      lastTransitionTime: time,
      lastHeartbeatTime: time,
    },
  ],
  [
    "worked on, while it works",
    node({ labels: isReady, status: { conditions: [works] } }),
    installing,
    { ...works, reason: "Installing", message: "installs", lastHeartbeatTime: time },
  ],
  [
    "removed",
    node({ status: { conditions: [works] } }),
    { kind: "removed" },
    { type: "WhorlReady", $patch: "delete" },
  ],
  ["removed twice", node(), { kind: "removed" }, undefined],
])("condition: %s", (_name, found, report, condition) => {
  const patch = condition && { status: { conditions: [condition] } };
  expect(statusPatch(found, report, now)).toEqual(patch);
});

test("a message of any length fits, and ends with a whole character", () => {
  const long = new ShimError("internal", "ä€🦆".repeat(1000));
  const patch = statusPatch(node(), { kind: "failed", error: long }, now) as {
    readonly status: { readonly conditions: readonly { readonly message: string }[] };
  };
  const { message = "" } = patch.status.conditions[0] ?? {};
  expect(Buffer.byteLength(message)).toBeLessThanOrEqual(1024);
  expect(message).toMatch(/[ä€🦆] \.\.\.$/u);
  expect(message).not.toContain("\uFFFD");
});

test.each<[NodeReport, string | undefined]>([
  [ready, "Normal WhorlReady"],
  [{ ...ready, error }, "Warning WhorlFailed"],
  [{ kind: "failed", error }, "Warning WhorlFailed"],
  [{ kind: "removing", error }, "Warning WhorlFailed"],
  [{ kind: "removing" }, undefined],
  [installing, undefined],
  [{ kind: "removed" }, "Normal WhorlRemoved"],
])("event of %o", (report, text) => {
  const event = eventOf(report);
  expect(event && `${event.type} ${event.reason}`).toBe(text);
});
