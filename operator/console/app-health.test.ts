import { expect, test } from "vitest";
import type { SpinApp, SpinAppStatus } from "../api/spin-app.ts";
import type { Condition } from "../kube/object.ts";
import { appHealth } from "./app-health.ts";

function app(status: Partial<SpinAppStatus> | undefined, metadata: object = {}): SpinApp {
  return {
    metadata: { name: "a", namespace: "n", generation: 2, ...metadata },
    spec: { image: "registry.example/a:1", executor: "x" },
    ...(status === undefined ? {} : { status: { readyReplicas: 0, ...status } }),
  };
}

function condition(text: string, message = "told"): Condition {
  const [type = "", status = "", reason = ""] = text.split(" ");
  return {
    ...{ type, reason, message, observedGeneration: 2 },
    status: status as Condition["status"],
    lastTransitionTime: "2026-01-01T00:00:00Z",
  };
}

const told = (text: string, message?: string): Partial<SpinAppStatus> => ({
  conditions: [condition(text, message)],
});

test.each<[string, SpinApp, string, string]>([
  ["nobody has looked", app(undefined), "pending", "the operator has not looked at it yet"],
  ["no condition", app({ conditions: [] }), "pending", "the operator has not looked at it yet"],
  [
    "a condition of somebody else",
    app(told("example.com/Mine True Kept")),
    "pending",
    "the operator has not looked at it yet",
  ],
  [
    "it is not known",
    app(told("Ready Unknown X")),
    "pending",
    "the operator has not looked at it yet",
  ],
  ["ready", app(told("Ready True AppReady", "2 of 2 pods are ready")), "healthy", ""],
  [
    "ready, with advice",
    app(told("Ready True AppReady", "2 of 2 pods are ready; spec.x: odd; spec.y: odd")),
    "healthy",
    "spec.x: odd; spec.y: odd",
  ],
  [
    "scaled to zero",
    app(told("Ready True ScaledToZero", "scaled to zero")),
    "idle",
    "scaled to zero",
  ],
  ["a completed Job", app(told("Ready True Completed", "done")), "idle", "done"],
  ["a running Job", app(told("Ready False Running", "not ended")), "healthy", "not ended"],
  ["starting", app(told("Ready False Starting", "0 of 1")), "pending", "0 of 1"],
  ["its image is missing", app(told("Ready False ImagePullFailed", "no")), "failing", "no"],
  [
    "a pod says why",
    app(told("Ready False AppCrashes", "pod a-7d9f-x: container a: oh")),
    "failing",
    "container a: oh",
  ],
  [
    "some pods answer",
    app({ ...told("Ready False ImagePullFailed", "no"), readyReplicas: 1 }),
    "degraded",
    "no",
  ],
  [
    "stuck while it starts",
    app({ conditions: [condition("Ready False Starting"), condition("Stalled True X")] }),
    "failing",
    "told",
  ],
  [
    "a newer version nobody has looked at",
    app(told("Ready True AppReady"), { generation: 3 }),
    "pending",
    "its newest version is being rolled out",
  ],
  [
    "being deleted",
    app(told("Ready True AppReady"), { deletionTimestamp: "2026-01-01T00:00:00Z" }),
    "pending",
    "it is being deleted",
  ],
])("%s", (_, given, health, healthReason) => {
  expect(appHealth(given)).toEqual({ health, healthReason });
});
