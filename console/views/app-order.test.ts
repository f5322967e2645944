import { expect, test } from "vitest";
import type { AppSummary, Health } from "../../runtime/telemetry/admin/console-api.ts";
import type { FleetApp } from "../live/fleet.ts";
import {
  type AppColumn,
  type AppFilter,
  errorShare,
  filterApps,
  hostOf,
  keepOrder,
  orderApps,
} from "./app-order.ts";

function app(id: string, health: Health, usage: Partial<AppSummary["usage"]> = {}): FleetApp {
  const none = { requestsPerSecond: 0, errorsPerSecond: 0, coldStartsPerSecond: 0, inFlight: 0 };
  const totals = { requestsTotal: 0, errorsTotal: 0, coldStartsTotal: 0, limitHitsTotal: 0 };
  return {
    rates: [],
    summary: {
      id,
      name: id,
      health,
      healthReason: health === "failing" ? "traps" : "",
      componentCount: 1,
      triggers: [{ kind: "http", id: "t", source: `/${id}/...` }],
      usage: { ...none, ...totals, ...usage },
    },
  };
}

const apps = [
  app("a", "idle"),
  app("b", "healthy", { requestsPerSecond: 5, p99Ms: 3, memoryBytes: 10, coldStartsTotal: 2 }),
  app("c", "failing", { requestsPerSecond: 1, errorsPerSecond: 1, p99Ms: 9 }),
  app("d", "degraded", { requestsPerSecond: 9, errorsPerSecond: 1, memoryBytes: 90 }),
  app("e", "idle"),
];

function names(list: readonly FleetApp[]): string {
  return list.map(({ summary }) => summary.id).join("");
}

test.each<[AppColumn, boolean, string]>([
  ["name", false, "abcde"],
  ["name", true, "edcba"],
  ["health", true, "cdbae"],
  ["health", false, "aebdc"],
  ["requests", true, "dbcae"],
  ["latency", true, "cbdae"],
  ["errors", true, "cdbae"],
  ["memory", true, "dbcae"],
  ["cold", true, "bcdae"],
])("by %s, descending: %s", (column, isDescending, order) => {
  expect(names(orderApps(apps, { column, isDescending }))).toBe(order);
});

test("an order is kept while figures change; who is new comes last", () => {
  expect(names(keepOrder(apps, ["d", "gone", "b", "e"]))).toBe("dbeac");
});

test.each<[AppFilter, string]>([
  [{ text: "", health: "all" }, "abcde"],
  [{ text: "", health: "troubled" }, "cd"],
  [{ text: "", health: "busy" }, "bcd"],
  [{ text: "", health: "idle" }, "ae"],
  [{ text: " B/ ", health: "all" }, "b"],
  [{ text: "TRAP", health: "all" }, "c"],
  [{ text: "nothing", health: "all" }, ""],
])("%o finds %s", (filter, found) => {
  expect(names(filterApps(apps, filter))).toBe(found);
});

test.each([
  [0, 0, undefined],
  [4, 1, 0.25],
  [1, 2, 1],
])("of %s requests %s errors are %s", (requestsPerSecond, errorsPerSecond, share) => {
  expect(errorShare({ requestsPerSecond, errorsPerSecond })).toBe(share);
});

test("apps are found by where they are asked too", () => {
  const [first] = apps;
  if (first === undefined) throw new Error("there are some");
  const summary = { ...first.summary, url: "http://shop.localhost:3000" };
  const found = filterApps([...apps, { ...first, summary }], {
    text: "localhost:3000",
    health: "all",
  });
  expect(found.map((each) => each.summary)).toEqual([summary]);
});

test.each([
  ["http://shop.localhost:3000", "shop.localhost:3000"],
  ["http://[::1]:80/x", "[::1]"],
  [undefined, ""],
  ["no address", ""],
])("host of %s", (url, host) => {
  expect(hostOf(url)).toBe(host);
});
