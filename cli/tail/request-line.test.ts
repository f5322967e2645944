import { expect, test } from "vitest";
import type { RequestRecord } from "../../runtime/telemetry/live/request-record.ts";
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

test("where several apps are shown, each line says which one it is of", () => {
  const line = requestLine({ ...record, traceId: "" }, { hasColors: false, namesApps: true });
  expect(line).toBe("03:04:05.678  200   1.50ms  GET /cart/17?x=1  shop/cart  warm");
});

test("lost requests are told of, and colours are only colours", () => {
  expect(requestLine({ lost: 7 }, plain)).toContain("7 requests not shown");
  expect(JSON.parse(requestJson({ lost: 7 }))).toEqual({ event: "lost", count: 7 });
  expect(JSON.parse(requestJson(record))).toMatchObject({ event: "request", status: 200 });
  expect(requestLine(record, { hasColors: true })).toContain("\u001b[32m200\u001b[39m");
});
