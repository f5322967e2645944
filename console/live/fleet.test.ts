import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AppSummary, Usage, UsageSample } from "../../runtime/telemetry/admin/console-api.ts";
import { Fleet, sparkSamples } from "./fleet.ts";

beforeEach(() => {
  vi.stubGlobal("requestAnimationFrame", () => 0);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function usage(requestsPerSecond: number): Usage {
  return {
    requestsPerSecond,
    errorsPerSecond: 0,
    coldStartsPerSecond: 0,
    inFlight: 0,
    requestsTotal: 0,
    errorsTotal: 0,
    coldStartsTotal: 0,
    limitHitsTotal: 0,
  };
}

function app(id: string, rate = 0): AppSummary {
  return {
    id,
    name: id,
    health: "idle",
    healthReason: "",
    componentCount: 1,
    triggers: [],
    usage: usage(rate),
  };
}

function sample(more: Partial<UsageSample>): UsageSample {
  const totals = {
    atMs: 1,
    requestsPerSecond: 0,
    errorsPerSecond: 0,
    coldStartsPerSecond: 0,
  };
  return { atMs: 1, totals, apps: [], gone: [], missed: 0, ...more };
}

test("apps that are not named stay as they were", () => {
  const fleet = new Fleet();
  fleet.replace([app("a"), app("b", 3)]);
  const unknown = fleet.update(
    sample({ apps: [{ id: "a", health: "failing", healthReason: "trap", usage: usage(7) }] }),
  );
  expect(unknown).toBe(false);
  expect(fleet.find("a")).toMatchObject({ summary: { health: "failing" }, rates: [7] });
  expect(fleet.find("b")).toMatchObject({ summary: { health: "idle" }, rates: [3] });
});

test("apps go, and unknown ones ask for the list", () => {
  const fleet = new Fleet();
  fleet.replace([app("a"), app("b")]);
  const named = { id: "c", health: "healthy", healthReason: "", usage: usage(1) } as const;
  expect(fleet.update(sample({ gone: ["a"], apps: [named] }))).toBe(true);
  expect(fleet.apps.map(({ summary }) => summary.id)).toEqual(["b"]);
});

test("an app that was always still has no line; others keep the last minute", () => {
  const fleet = new Fleet();
  fleet.replace([app("still"), app("busy", 1)]);
  for (let at = 0; at < sparkSamples + 20; at++) fleet.update(sample({}));
  expect(fleet.find("still")?.rates).toEqual([]);
  expect(fleet.find("busy")?.rates).toHaveLength(sparkSamples);
});

test("the list, read again, keeps the lines and forgets what is gone", () => {
  const fleet = new Fleet();
  fleet.replace([app("a", 2), app("b")]);
  fleet.update(sample({}));
  fleet.replace([app("a", 5)]);
  expect(fleet.apps).toMatchObject([{ summary: { id: "a" }, rates: [2] }]);
});
