import { expect, test } from "vitest";
import type { SpinApp, SpinAppStatus } from "../api/spin-app.ts";
import { desiredChildren } from "../desired/children.ts";
import { builtInExecutor } from "../desired/executor.ts";
import type { Condition } from "../kube/object.ts";
import { appStatus } from "./app-status.ts";
import type { ObservedJob } from "./observed.ts";

const metadata = { name: "import", namespace: "shop", uid: "u1", generation: 3 };
const spec = { image: "i", executor: "", job: { ttlSecondsAfterFinished: 60 } };
const values = { configMap: () => undefined, secret: () => undefined };
const children = desiredChildren({ app: { metadata, spec }, executor: builtInExecutor, values });
const name = children.workload?.metadata.name ?? "";

function condition(type: string, status: Condition["status"], reason: string): Condition {
  const lastTransitionTime = "2026-01-01T00:00:00Z";
  return { type, status, reason, message: `${reason}.`, lastTransitionTime };
}

function statusOf(job: ObservedJob | undefined, before?: Partial<SpinAppStatus>): SpinAppStatus {
  const former = before && { readyReplicas: 0, ...before };
  const app: SpinApp = { metadata, spec, ...(former && { status: former }) };
  return appStatus({
    ...{ app, children, job, executor: builtInExecutor, now: new Date("2026-01-02T03:04:05Z") },
    ...{ deployment: undefined, service: undefined, blocked: undefined, pods: [], events: [] },
    ...{ missing: [], advice: [], referencesBaseline: undefined },
  });
}

function job(...conditions: readonly Condition[]): ObservedJob {
  return { metadata: { name }, status: { conditions } };
}

function readings({ conditions = [] }: SpinAppStatus): readonly string[] {
  return conditions.map(({ type, status, reason, message }) =>
    [type, status, reason, message].join(" "),
  );
}

test.each([
  { what: "completed", given: job(condition("Complete", "True", "Done")), expected: name },
  { what: "failed", given: job(condition("Failed", "True", "Backoff")), expected: name },
  { what: "running", given: job(condition("Failed", "False", "Backoff")), expected: undefined },
  { what: "new", given: job(), expected: undefined },
])("the status of an app with a Job that is $what remembers $expected", ({ given, expected }) => {
  expect(statusOf(given).finishedJob).toBe(expected);
  // One that was deleted and made again runs again.
  expect(statusOf(given, { finishedJob: name }).finishedJob).toBe(expected);
});

const completed = condition("Ready", "True", "Completed");
const crashed = [
  condition("Ready", "False", "AppCrashes"),
  condition("Stalled", "True", "AppCrashes"),
];

test.each([
  {
    what: "completed",
    before: { finishedJob: name, conditions: [completed] },
    expected: ["Ready True Completed Completed."],
  },
  {
    what: "failed",
    before: { finishedJob: name, conditions: crashed },
    expected: ["Ready False AppCrashes AppCrashes.", "Stalled True AppCrashes AppCrashes."],
  },
])("what was said of a Job that has $what stays when it is gone", ({ before, expected }) => {
  const status = statusOf(undefined, before);
  expect(readings(status)).toEqual(expected);
  expect(status.finishedJob).toBe(name);
});

test("a former Job that has finished says nothing of the wanted one", () => {
  const status = statusOf(undefined, { finishedJob: "import-former", conditions: [completed] });
  expect(status.finishedJob).toBeUndefined();
  expect(readings(status)).toEqual([
    "Ready False Running the Job has not ended",
    "Reconciling True Running the Job has not ended",
  ]);
});
