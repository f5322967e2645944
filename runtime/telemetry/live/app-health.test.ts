import { expect, test } from "vitest";
import { appHealth, type HealthSigns } from "./app-health.ts";

const fine: HealthSigns = {
  requests: 100,
  errors: 0,
  memoryBytes: undefined,
  memoryLimitBytes: undefined,
};

test.each<[string, Partial<HealthSigns>, string, string]>([
  ["requests that all succeed", {}, "healthy", ""],
  ["no requests", { requests: 0 }, "idle", "no requests in the last minute"],
  ["one failure", { errors: 1 }, "degraded", "1 of 100 requests failed in the last minute"],
  ["half of them", { errors: 50 }, "failing", "50 of 100 requests failed in the last minute"],
  ["rates that were rounded", { requests: 1.6, errors: 1.9 }, "failing", "2 of 2 requests failed"],
  [
    "little memory left",
    { memoryBytes: 95, memoryLimitBytes: 100 },
    "degraded",
    "its guests use 95% of the memory they may have",
  ],
  ["memory without a limit", { memoryBytes: 95, memoryLimitBytes: 0 }, "healthy", ""],
])("%s", (_, signs, health, reason) => {
  const verdict = appHealth({ ...fine, ...signs });
  expect(verdict.health).toBe(health);
  expect(verdict.reason).toContain(reason);
});
