import { describe, expect, test } from "vitest";
import { limits } from "../../limits.ts";
import { compileFilter, filterFromQuery, filterToQuery } from "./request-filter.ts";
import type { RequestFilter } from "./request-filter.ts";
import { RequestLog } from "./request-log.ts";
import type { RequestRecord } from "./request-record.ts";

const record: RequestRecord = {
  timeMs: 0,
  app: "shop",
  component: "cart",
  trigger: "http",
  method: "GET",
  path: "/cart/17/items?sort=price",
  route: "/cart/...",
  status: 200,
  durationMs: 12,
  queueMs: 0,
  takeMs: 0,
  start: "reset",
  isCold: false,
  traceId: "ab".repeat(16),
  error: undefined,
  message: undefined,
};

describe("compileFilter", () => {
  test.each<[RequestFilter, Partial<RequestRecord>, boolean]>([
    [{}, {}, true],
    [{ component: "cart", app: "shop" }, {}, true],
    [{ component: "cart", app: "other" }, {}, false],
    [{ method: "get" }, {}, true],
    [{ method: "POST" }, {}, false],
    [{ status: "200" }, {}, true],
    [{ status: "2xx,404" }, { status: 404 }, true],
    [{ status: "2xx" }, { status: 302 }, false],
    [{ status: "5XX" }, { status: 503 }, true],
    [{ status: "2xx" }, { status: 0 }, false],
    [{ path: "/cart/" }, {}, true],
    [{ path: "/cart/17/items?sort" }, {}, true],
    [{ path: "/cart/*/items" }, {}, true],
    [{ path: "*items" }, {}, true],
    [{ path: "/cart/*/price" }, {}, false],
    [{ path: "/cart/1*17/items" }, {}, false],
    [{ path: "/a*b*c" }, { path: "/aXbYbZc" }, true],
    [{ traceId: "AB".repeat(16) }, {}, true],
    [{ slowerThanMs: 12 }, {}, true],
    [{ slowerThanMs: 12.1 }, {}, false],
    [{ errors: true }, {}, false],
    [{ errors: true }, { status: 500 }, true],
    [{ errors: true }, { error: "trap" }, true],
    [{ cold: true }, {}, false],
    [{ cold: true }, { isCold: true }, true],
  ])("%j of %j: %s", (filter, changed, expected) => {
    expect(compileFilter(filter)({ ...record, ...changed })).toBe(expected);
    const again = filterFromQuery(new URLSearchParams(filterToQuery(filter)));
    expect(compileFilter(again)({ ...record, ...changed })).toBe(expected);
  });

  test.each(["", "6xx", "20", "2000", "x", "200,", "1xx;2xx"])("refuses status %j", (status) => {
    expect(() => compileFilter({ status })).toThrow(expect.objectContaining({ code: "usage" }));
  });

  test("refuses a duration that is none", () => {
    expect(() => filterFromQuery(new URLSearchParams("slowerThanMs=soon"))).toThrow("milliseconds");
  });

  test("a pattern made of stars costs no more than the text is long", () => {
    const matches = compileFilter({ path: `/${"*a".repeat(5000)}b` });
    expect(matches({ ...record, path: `/${"a".repeat(100_000)}` })).toBe(false);
  });
});

describe("RequestLog", () => {
  test("is watched only while somebody is subscribed; each gets what it asked for", async () => {
    const log = new RequestLog();
    expect(log.isWatched).toBe(false);
    const subscription = log.subscribe(compileFilter({ status: "5xx" }));
    expect(log.isWatched).toBe(true);
    log.add(record);
    log.add({ ...record, status: 503 });
    expect(await subscription?.next()).toMatchObject({ kind: "request", record: { status: 503 } });
    const next = subscription?.next();
    subscription?.[Symbol.dispose]();
    expect(await next).toBeUndefined();
    expect(log.isWatched).toBe(false);
  });

  test("a slow subscriber loses records, told how many, and holds nobody back", async () => {
    const log = new RequestLog();
    const slow = log.subscribe(() => true);
    const beyond = 50;
    for (let at = 0; at < limits.requestLogWaitingMax + beyond; at++) log.add(record);
    for (let at = 0; at < limits.requestLogWaitingMax; at++) {
      expect(await slow?.next()).toMatchObject({ kind: "request" });
    }
    expect(await slow?.next()).toEqual({ kind: "lost", count: beyond });
    log.add(record);
    expect(await slow?.next()).toMatchObject({ kind: "request" });
  });

  test("no more than a bound of subscribers", () => {
    const log = new RequestLog();
    for (let at = 0; at < limits.requestLogSubscribersMax; at++) {
      expect(log.subscribe(() => true)).toBeDefined();
    }
    expect(log.subscribe(() => true)).toBeUndefined();
  });
});
