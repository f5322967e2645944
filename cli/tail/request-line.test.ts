import { expect, test } from "vitest";
import type { RequestRecord } from "../../runtime/telemetry/live/request-record.ts";
import { jsonLogFormat, textLogFormat } from "../logs-format.ts";
import { requestJson, requestLine } from "./request-line.ts";

const record: RequestRecord = {
  timeMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  app: "shop",
  component: "cart",
  trigger: "http",
  method: "GET",
  path: "/cart/17?x=1",
  route: "/cart/...",
  status: 200,
  durationMs: 1.5,
  queueMs: 0,
  takeMs: 0.1,
  start: "reset",
  isCold: false,
  traceId: "ab".repeat(16),
  error: undefined,
  message: undefined,
};

const plain = { hasColors: false };

test.each<[Partial<RequestRecord>, string]>([
  [{}, `03:04:05.678  200   1.50ms  GET /cart/17?x=1  cart  warm  ${"ab".repeat(16)}`],
  [{ traceId: "", isCold: true }, "03:04:05.678  200   1.50ms  GET /cart/17?x=1  cart  cold"],
  [
    { traceId: "", status: 500, error: "trap", message: "handle failed: boom\n  at x.wasm" },
    "03:04:05.678  500   1.50ms  GET /cart/17?x=1  cart  warm  handle failed: boom",
  ],
  [
    { trigger: "redis", method: "", path: "orders", status: 0, traceId: "" },
    "03:04:05.678  ok    1.50ms  redis orders  cart  warm",
  ],
  [
    {
      trigger: "cron",
      method: "",
      path: "* * *",
      status: 0,
      error: "trap",
      start: undefined,
      traceId: "",
    },
    "03:04:05.678  err   1.50ms  cron * * *  cart  -",
  ],
  [
    { traceId: "", method: "G\u001b[2J", path: "/\u202ex\r\n<script>", component: "a\u0007" },
    "03:04:05.678  200   1.50ms  G\\u001b[2J /\\u202ex\\r\\n<script>  a\\u0007  warm",
  ],
])("%j", (changed, expected) => {
  expect(requestLine({ ...record, ...changed }, plain)).toBe(expected);
});

test("lost requests are told of, and colours are only colours", () => {
  expect(requestLine({ lost: 7 }, plain)).toContain("7 requests not shown");
  expect(JSON.parse(requestJson({ lost: 7 }))).toEqual({ event: "lost", count: 7 });
  expect(JSON.parse(requestJson(record))).toMatchObject({ event: "request", status: 200 });
  expect(requestLine(record, { hasColors: true })).toContain("\u001b[32m200\u001b[39m");
});

const line = {
  timeMs: 0,
  component: "cart",
  stream: "stderr" as const,
  text: "one\u001b[31m\ttwo\u202e",
  traceId: "ab".repeat(16),
};

test("log lines as text", () => {
  expect(textLogFormat.line(line)).toBe("[cart] one\\u001b[31m\ttwo\\u202e");
  expect(textLogFormat.dropped({ timeMs: 0, component: "cart", count: 12 })).toContain(
    "12 lines dropped",
  );
});

test("log lines as JSON, one line each, with the trace", () => {
  const text = jsonLogFormat.line({ ...line, text: `${line.text}\u2028\u009b` });
  expect(text).toMatch(/^[\x20-\x7e]+$/);
  expect(JSON.parse(text)).toEqual({
    time: "1970-01-01T00:00:00.000Z",
    event: "log",
    component: "cart",
    stream: "stderr",
    line: `${line.text}\u2028\u009b`,
    trace_id: line.traceId,
  });
  expect(JSON.parse(jsonLogFormat.line({ ...line, traceId: undefined }))).not.toHaveProperty(
    "trace_id",
  );
  expect(JSON.parse(jsonLogFormat.dropped({ timeMs: 0, component: "c", count: 3 }))).toMatchObject({
    event: "dropped",
    lines: 3,
  });
});
