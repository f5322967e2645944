import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { rbacFiles, rbacFolder } from "./generate-rbac.ts";
import {
  leaseRules,
  metricsGuardRules,
  operatorRules,
  webhookSecretRules,
  webhookTrustRules,
} from "./rbac.ts";

test.each(Object.entries(rbacFiles()))("deploy/rbac/%s is fresh", (name, text) => {
  expect(readFileSync(rbacFolder + name, "utf8")).toBe(text);
});

test("no rule of the operator has a wildcard, and none lets it change what is the user's", () => {
  const webhooks = [...webhookSecretRules, ...webhookTrustRules];
  const rules = [...operatorRules, ...leaseRules, ...metricsGuardRules, ...webhooks];
  const words = rules.flatMap(({ apiGroups = [], resources = [], verbs }) => [
    ...apiGroups,
    ...resources,
    ...verbs,
  ]);
  expect(words).not.toContain("*");
  const onApps = operatorRules.filter(({ resources }) => resources?.includes("spinapps"));
  expect(onApps.flatMap(({ verbs }) => verbs).toSorted()).toEqual(["get", "list", "watch"]);
});
