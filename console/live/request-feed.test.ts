import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RequestEntry } from "../../runtime/telemetry/admin/console-api.ts";
import { LatencyField } from "./latency-field.ts";
import { feedItemsMax, RequestFeed } from "./request-feed.ts";

let frames: (() => void)[] = [];

beforeEach(() => {
  frames = [];
  vi.stubGlobal("requestAnimationFrame", (draw: () => void) => frames.push(draw));
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function entries(from: number, count: number): RequestEntry[] {
  return Array.from({ length: count }, (_, at) => ({
    id: String(from + at),
    atMs: 0,
    app: "a",
    component: "c",
    trigger: "http" as const,
    method: "GET",
    path: "/",
    route: "/",
    status: 200,
    durationMs: 1,
    queueMs: 0,
    takeMs: 0,
    isCold: false,
    traceId: "",
  }));
}

function newFeed(): RequestFeed {
  return new RequestFeed(new LatencyField({ columnMs: 1000, columns: 10, rows: 10 }));
}

function ids(feed: RequestFeed): string[] {
  return feed.ring.newest(feedItemsMax).map(({ id }) => id);
}

test("many batches make one notice a frame", () => {
  const feed = newFeed();
  let notices = 0;
  feed.subscribe(() => notices++);
  for (let at = 0; at < 50; at++) feed.add({ requests: entries(at, 1), lost: 0 });
  expect(frames).toHaveLength(1);
  frames.pop()?.();
  expect(notices).toBe(1);
  feed.add({ requests: [], lost: 1 });
  expect(frames).toHaveLength(1);
});

test("what overlaps is there once", () => {
  const feed = newFeed();
  feed.add({ requests: entries(0, 3), lost: 0 });
  feed.add({ requests: entries(1, 4), lost: 2 });
  expect(ids(feed)).toEqual(["4", "3", "2", "1", "0"]);
  expect(feed.counts).toEqual({ seen: 5, lost: 2, held: 0 });
});

test("while paused what is shown stays; then everything is there in its order", () => {
  const feed = newFeed();
  feed.add({ requests: entries(0, 2), lost: 0 });
  feed.setPaused(true);
  feed.add({ requests: entries(2, 2), lost: 0 });
  expect(ids(feed)).toEqual(["1", "0"]);
  expect(feed.counts.held).toBe(2);
  feed.setPaused(false);
  expect(ids(feed)).toEqual(["3", "2", "1", "0"]);
  expect(feed.counts.held).toBe(0);
});

test("a long pause keeps the newest and counts the others", () => {
  const feed = newFeed();
  feed.setPaused(true);
  feed.add({ requests: entries(0, feedItemsMax + 7), lost: 0 });
  feed.setPaused(false);
  expect(feed.ring.length).toBe(feedItemsMax);
  expect(feed.ring.at(0)?.id).toBe(String(feedItemsMax + 6));
  expect(feed.counts.lost).toBe(7);
});

test("cleared, it takes any ids again", () => {
  const feed = newFeed();
  feed.add({ requests: entries(10, 1), lost: 3 });
  feed.clear();
  feed.add({ requests: entries(1, 1), lost: 0 });
  expect(ids(feed)).toEqual(["1"]);
  expect(feed.counts).toEqual({ seen: 1, lost: 0, held: 0 });
});
