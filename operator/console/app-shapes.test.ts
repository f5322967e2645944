import { describe, expect, test } from "vitest";
import type { SpinApp, SpinAppSpec, SpinAppStatus } from "../api/spin-app.ts";
import type { Condition } from "../kube/object.ts";
import { limits } from "../limits.ts";
import type { ObservedPod } from "../status/observed.ts";
import { detailOf, summaryOf } from "./app-shapes.ts";

function condition(type: string, status: Condition["status"], reason: string): Condition {
  const lastTransitionTime = "2026-01-02T03:04:05Z";
  return { type, status, reason, message: `${reason}!`, lastTransitionTime };
}

function app(spec: Partial<SpinAppSpec>, status: Partial<SpinAppStatus> = {}): SpinApp {
  return {
    metadata: { name: "cart", namespace: "shop", generation: 0 },
    spec: { image: "registry.example/cart:1", executor: "spin", ...spec },
    status: { readyReplicas: 0, ...status },
  };
}

const broken = { conditions: [condition("Ready", "False", "ImagePullFailed")] };
const around = { deployment: undefined, pods: [], isWasm: true };

describe("the workload of", () => {
  test.each<[string, SpinApp, object]>([
    ["an app", app({ replicas: 2 }), { kind: "Deployment", wantedPods: 2, executor: "spin" }],
    ["an app without a number", app({}), { wantedPods: 1 }],
    ["an app that is served", app({}, { readyReplicas: 1 }), { readyPods: 1 }],
    [
      "an app whose executor was chosen",
      app({}, { activeScheduler: "other" }),
      { executor: "other" },
    ],
    ["a Job", app({ job: {} }), { kind: "Job" }],
    ["a CronJob", app({ job: { schedule: "@hourly" } }), { kind: "CronJob", wantedPods: 0 }],
  ])("%s", (_, given, expected) => {
    expect(summaryOf(given, undefined).workload).toMatchObject(expected);
  });

  test("an app that something else runs has no kind", () => {
    const elsewhere = { conditions: [condition("Ready", "True", "ManagedElsewhere")] };
    expect(summaryOf(app({}, elsewhere), undefined).workload).not.toHaveProperty("kind");
  });

  test("an app that is scaled by something else: as many as its Deployment wants", () => {
    const deployment = { metadata: { name: "cart" }, spec: { replicas: 7 } };
    expect(summaryOf(app({}), deployment).workload?.wantedPods).toBe(7);
  });
});

describe("one app", () => {
  test("why it fails, since when, and what to do", () => {
    const { lastFailure, failures, conditions } = detailOf(app({}, broken), around);
    expect(lastFailure).toEqual({
      ...{ atMs: Date.parse("2026-01-02T03:04:05Z"), app: "shop/cart", component: "cart" },
      ...{ code: "ImagePullFailed", message: "ImagePullFailed!" },
      remedy: expect.stringContaining("spec.image"),
    });
    expect(failures).toEqual([lastFailure]);
    expect(conditions).toMatchObject([{ type: "Ready", status: "False" }]);
  });

  test("a reason that nobody knows has a remedy too", () => {
    const odd = { conditions: [condition("Ready", "False", "NeverHeardOf")] };
    expect(summaryOf(app({}, odd), undefined).lastFailure?.remedy).toContain("kubectl describe");
  });

  test("its pods' problems, no more than the bound, and none twice", () => {
    const pod = (name: string, message: string): ObservedPod => ({
      metadata: { name, namespace: "shop" },
      status: {
        phase: "Pending",
        containerStatuses: [
          { name: "cart", state: { waiting: { reason: "ErrImagePull", message } } },
        ],
      },
    });
    const message = "pod a: container cart: gone";
    const ready = { ...condition("Ready", "False", "ImagePullFailed"), message };
    const few = detailOf(app({}, { conditions: [ready] }), {
      ...around,
      pods: [pod("a", "gone"), pod("b", "no access")],
    });
    expect(few.failures.map((failure) => failure.message)).toEqual([
      message,
      "pod b: container cart: no access",
    ]);
    const pods = Array.from({ length: 200 }, (_, at) => pod(`p${at}`, "gone"));
    const many = detailOf(app({}, broken), { ...around, pods });
    expect(many.failures).toHaveLength(limits.consoleFailuresMax);
  });

  test("its containers, the function first; with an executor's image none is one", () => {
    const spec = {
      containers: [{ name: "proxy", image: "registry.example/proxy:1" }],
      initContainers: [{ name: "setup", image: 7 }],
    };
    const kinds = (isWasm: boolean): unknown =>
      detailOf(app(spec), { ...around, isWasm }).components.map(({ id, kind, source }) => [
        ...[id, kind, source],
      ]);
    expect(kinds(true)).toEqual([
      ["cart", "wasm", "registry.example/cart:1"],
      ["proxy", "container", "registry.example/proxy:1"],
      ["setup", "container", ""],
    ]);
    expect(kinds(false)).toContainEqual(["cart", "container", "registry.example/cart:1"]);
  });

  test("a Deployment that does not go on is a warning", () => {
    const { warnings } = detailOf(
      app(
        {},
        {
          conditions: [...broken.conditions, condition("Progressing", "False", "DeadlineExceeded")],
        },
      ),
      around,
    );
    expect(warnings).toEqual(["DeadlineExceeded: DeadlineExceeded!"]);
  });

  test("values of its variables and Secrets are not told", () => {
    const variables = [{ name: "password", value: "hunter2" }];
    expect(JSON.stringify(detailOf(app({ variables }), around))).not.toContain("hunter2");
  });
});
