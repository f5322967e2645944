import { describe, expect, test } from "vitest";
import { limits } from "../../limits.ts";
import type { ExportedSpan } from "../trace/span-record.ts";
import { compileFilter } from "./request-filter.ts";
import { RequestLines } from "./request-lines.ts";
import { type EndedTrace, RequestRecorder } from "./request-recorder.ts";
import type { RequestRecord } from "./request-record.ts";

const record: RequestRecord = {
  timeMs: 1,
  app: "shop",
  component: "cart",
  trigger: "http",
  method: "GET",
  path: "/",
  route: "/...",
  status: 200,
  durationMs: 1,
  queueMs: 0,
  takeMs: 0,
  start: "reset",
  isCold: false,
  traceId: "",
  error: undefined,
  message: undefined,
};
const failed: RequestRecord = { ...record, status: 500, error: "trap", message: "boom" };
const all = compileFilter({});

function spans(count: number): ExportedSpan[] {
  const span = {
    ...{ traceId: "", spanId: "", parentSpanId: "", traceState: "", name: "x", attributes: [] },
    ...{ kind: "internal" as const, startMs: 0, endMs: 1, error: undefined },
  };
  return Array.from({ length: count }, () => ({ from: "host" as const, span }));
}

function trace(count: number, lost: number): EndedTrace {
  return { size: count, ended: spans(count), guestSpans: [], lost };
}

function recorderOf(count: number, each: RequestRecord = record): RequestRecorder {
  const recorder = new RequestRecorder();
  for (let at = 0; at < count; at++) recorder.add(each, undefined, undefined);
  return recorder;
}

describe("pages", () => {
  test("the newest ones, then what came after, then nothing", () => {
    const recorder = recorderOf(5);
    const newest = recorder.page(undefined, 2, all);
    expect(newest.requests.map(({ id }) => id)).toEqual([4, 5]);
    recorder.add(record, undefined, undefined);
    const next = recorder.page(newest.last, 10, all);
    expect(next).toMatchObject({ last: 6, lost: 0 });
    expect(next.requests.map(({ id }) => id)).toEqual([6]);
    expect(recorder.page(next.last, 10, all)).toEqual({ requests: [], last: 6, lost: 0 });
  });

  test("a page that is full goes on where it ended", () => {
    const recorder = recorderOf(5);
    const first = recorder.page(1, 2, all);
    expect(first.requests.map(({ id }) => id)).toEqual([2, 3]);
    expect(recorder.page(first.last, 2, all).requests.map(({ id }) => id)).toEqual([4, 5]);
  });

  test("what is not kept any more is counted", () => {
    const recorder = recorderOf(limits.requestsKeptMax + 10);
    const { requests, lost } = recorder.page(3, 1, all);
    expect(lost).toBe(7);
    expect(requests[0]?.id).toBe(11);
    expect(recorder.find(3)).toBeUndefined();
    expect(recorder.find(11)?.record.id).toBe(11);
  });

  test("a number of an earlier process begins anew", () => {
    expect(recorderOf(2).page(99, 10, all)).toMatchObject({ last: 2, lost: 0 });
  });

  test("filters count for pages too", () => {
    const recorder = recorderOf(3);
    recorder.add(failed, undefined, undefined);
    const errors = compileFilter({ errors: true });
    expect(recorder.page(undefined, 10, errors).requests.map(({ id }) => id)).toEqual([4]);
    expect(recorder.page(0, 10, errors).requests.map(({ id }) => id)).toEqual([4]);
  });
});

test("in a second there is room for as many as are kept, then for others", () => {
  const recorder = recorderOf(limits.requestsKeptMax - 1);
  expect(recorder.hasRoom(5000)).toBe(true);
  for (let at = 0; at < limits.requestsKeptMax; at++) recorder.add(record, undefined, undefined);
  expect([recorder.hasRoom(5999), recorder.hasRoom(6000)]).toEqual([false, true]);
});

describe("failures", () => {
  test("outlive the flood of requests after them, newest first", () => {
    const recorder = new RequestRecorder();
    recorder.add(failed, trace(3, 0), undefined);
    recorder.add({ ...failed, message: "again" }, undefined, undefined);
    for (let at = 0; at < limits.requestsKeptMax; at++) recorder.add(record, undefined, undefined);
    expect(recorder.failures("shop").map(({ record: { message } }) => message)).toEqual([
      "again",
      "boom",
    ]);
    expect(recorder.find(1)?.spans).toHaveLength(3);
    recorder.forget("shop");
    expect(recorder.failures("shop")).toEqual([]);
  });

  test("are bounded for each app, and for all apps", () => {
    const recorder = recorderOf(limits.failuresKeptMax + 5, failed);
    expect(recorder.failures("shop")).toHaveLength(limits.failuresKeptMax);
    for (let at = 0; at < limits.failingAppsKeptMax; at++) {
      recorder.add({ ...failed, app: `app${at}` }, undefined, undefined);
    }
    expect(recorder.failures("shop")).toEqual([]);
    expect(recorder.failures("app1")).toHaveLength(1);
  });
});

test("spans are kept for as many requests as there is room for", () => {
  const recorder = new RequestRecorder();
  const each = 100;
  const requests = limits.spansKeptMax / each + 5;
  for (let at = 0; at < requests; at++) {
    recorder.add(record, trace(each, 1), undefined);
  }
  expect(recorder.find(1)).toMatchObject({ spans: [], spansLost: each + 1 });
  expect(recorder.find(5)?.spans).toEqual([]);
  expect(recorder.find(6)?.spans).toHaveLength(each);
  expect(recorder.find(requests)?.spans).toHaveLength(each);
});

test("lines are bounded in number and length, paths and messages in length", () => {
  const lines = new RequestLines();
  const text = "x".repeat(2 * limits.telemetryTextCharsMax);
  for (let at = 0; at < limits.requestLinesMax + 7; at++) {
    lines.add({ timeMs: 0, stream: "stdout", text });
  }
  const recorder = new RequestRecorder();
  recorder.add({ ...failed, path: text, message: text, method: text }, undefined, lines);
  const kept = recorder.find(1);
  expect(kept?.lines).toHaveLength(limits.requestLinesMax);
  expect(kept?.lines[0]?.text).toHaveLength(limits.telemetryTextCharsMax);
  expect(kept?.linesLost).toBe(7);
  expect(kept?.record.path).toHaveLength(limits.telemetryTextCharsMax);
  expect(kept?.record.message).toHaveLength(limits.telemetryTextCharsMax);
  expect(kept?.record.method).toHaveLength(limits.methodCharsMax);
});
