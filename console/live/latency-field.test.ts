import { expect, test } from "vitest";
import type { RequestEntry } from "../../runtime/telemetry/admin/console-api.ts";
import { LatencyField } from "./latency-field.ts";

const shape = { columnMs: 1000, columns: 4, rows: 6 };

function entry(more: Partial<RequestEntry>): RequestEntry {
  return {
    id: "1",
    atMs: 10_000,
    app: "a",
    component: "c",
    trigger: "http",
    method: "GET",
    path: "/",
    route: "/",
    status: 200,
    durationMs: 0,
    queueMs: 0,
    takeMs: 0,
    isCold: false,
    traceId: "",
    ...more,
  };
}

test("counts by time, duration and what is to be noticed", () => {
  const field = new LatencyField(shape);
  field.add(entry({ atMs: 8000 }));
  field.add(entry({ atMs: 9000, isCold: true, durationMs: 5 }));
  field.add(entry({ status: 500, isCold: true }));
  field.add(entry({ status: 404 }));
  field.add(entry({ error: "trap", status: 0 }));
  expect(Array.from(field.cells())).toEqual([
    { column: 1, row: 0, tone: "plain", count: 1 },
    { column: 2, row: 2, tone: "cold", count: 1 },
    { column: 3, row: 0, tone: "plain", count: 1 },
    { column: 3, row: 0, tone: "failed", count: 2 },
  ]);
});

test("what is too old is forgotten", () => {
  const field = new LatencyField(shape);
  field.add(entry({}));
  field.advanceTo(13_500);
  expect(Array.from(field.cells(), ({ column }) => column)).toEqual([0]);
  field.advanceTo(14_000);
  expect(Array.from(field.cells())).toEqual([]);
  field.add(entry({ atMs: 9000 }));
  expect(Array.from(field.cells())).toEqual([]);
});

test("a long silence empties it", () => {
  const field = new LatencyField(shape);
  field.add(entry({}));
  field.advanceTo(1e12);
  expect(Array.from(field.cells())).toEqual([]);
});

test("time that goes back changes nothing", () => {
  const field = new LatencyField(shape);
  field.add(entry({}));
  field.advanceTo(5);
  expect(Array.from(field.cells(), ({ column }) => column)).toEqual([3]);
});
