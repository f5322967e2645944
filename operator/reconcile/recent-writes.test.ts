import { expect, test } from "vitest";
import { isNewer } from "./recent-writes.ts";
import { isMinorChange, sameStatus } from "./status-change.ts";
import type { SpinAppStatus } from "../api/spin-app.ts";
import type { Condition } from "../kube/object.ts";

test.each([
  ["10", "9", true],
  ["9", "10", false],
  ["9", "9", false],
  ["99999999999999999999", "9", true],
  ["", "9", false],
  ["abc", "9", false],
])("version %j is newer than %j: %s", (a, b, expected) => {
  const object = (
    resourceVersion: string,
  ): { metadata: { name: string; resourceVersion: string } } => ({
    metadata: { name: "x", resourceVersion },
  });
  expect(isNewer(object(a), object(b))).toBe(expected);
});

function status(ready: Partial<Condition>, more: Partial<SpinAppStatus> = {}): SpinAppStatus {
  const condition: Condition = {
    type: "Ready",
    status: "False",
    reason: "Starting",
    message: "0 of 1",
    lastTransitionTime: "2026-01-01T00:00:00Z",
    ...ready,
  };
  return { readyReplicas: 0, conditions: [condition], observedGeneration: 1, ...more };
}

test.each([
  {
    name: "words and numbers",
    next: status({ message: "1 of 2" }, { readyReplicas: 1 }),
    minor: true,
  },
  { name: "a reason", next: status({ reason: "ImagePullFailed" }), minor: false },
  { name: "a status", next: status({ status: "True" }), minor: false },
  { name: "a generation", next: status({}, { observedGeneration: 2 }), minor: false },
])("a change of $name is minor: $minor", ({ next, minor }) => {
  expect(isMinorChange(status({}), next)).toBe(minor);
  expect(isMinorChange(undefined, next)).toBe(false);
  expect(sameStatus(status({}), next)).toBe(false);
});

test("the order of conditions and undefined fields change nothing", () => {
  const stalled = { ...status({}).conditions?.[0], type: "Stalled" } as Condition;
  const [ready] = status({}).conditions ?? [];
  const both = ready === undefined ? [] : [ready, stalled];
  const next: object = { ...status({}), conditions: both.toReversed(), url: undefined };
  expect(sameStatus({ ...status({}), conditions: both }, next as SpinAppStatus)).toBe(true);
});
