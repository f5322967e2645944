import { beforeAll, expect, test, vi } from "vitest";
import type {
  ConsoleEvent,
  ConsoleInfo,
  RequestEntry,
} from "../../runtime/telemetry/admin/console-api.ts";
import { ConsoleError, type Query } from "../api/console-client.ts";
import { followRequests } from "./follow-requests.ts";
import { LatencyField } from "./latency-field.ts";
import { RequestFeed } from "./request-feed.ts";

beforeAll(() => void vi.stubGlobal("requestAnimationFrame", () => 0));

function entry(id: number): RequestEntry {
  return { id: String(id), atMs: id, durationMs: 1, status: 200, isCold: false } as RequestEntry;
}

function info(startedMs: number): ConsoleEvent {
  return { event: "info", data: { startedMs } as ConsoleInfo };
}

function batch(...ids: number[]): ConsoleEvent {
  return { event: "requests", data: { requests: ids.map(entry), lost: 0 } };
}

/** A server that keeps these requests, and one connection to it that brings these events. */
async function follow(kept: number[], events: readonly ConsoleEvent[]): Promise<string[]> {
  const ended = new AbortController();
  const feed = new RequestFeed(new LatencyField({ columnMs: 100, columns: 2, rows: 2 }));
  const client = {
    requests: async ({ since = "-1" }: Query) => ({
      requests: kept.filter((id) => id > Number(since)).map(entry),
      next: "",
      lost: 0,
    }),
    events: async function* (): AsyncGenerator<ConsoleEvent> {
      yield* events;
      ended.abort();
    },
  };
  const onRefused = (message: string): void => expect.unreachable(message);
  await followRequests(client, feed, { query: {}, signal: ended.signal, onRefused });
  return feed.ring.newest(100).map(({ id }) => id);
}

test.each([
  { name: "none yet", kept: [], events: [info(1)], seen: [] },
  { name: "those that are kept", kept: [1, 2], events: [info(1)], seen: ["2", "1"] },
  {
    name: "kept ones once, then those that end",
    kept: [1, 2],
    events: [info(1), batch(2, 3), batch(4)],
    seen: ["4", "3", "2", "1"],
  },
  {
    name: "those of another process alone",
    kept: [1],
    events: [info(1), batch(7, 8), info(2), batch(2)],
    seen: ["2", "1"],
  },
])("shows $name", async ({ kept, events, seen }) => {
  expect(await follow(kept, events)).toEqual(seen);
});

test("a filter that is none is told, and nothing is followed", async () => {
  const feed = new RequestFeed(new LatencyField({ columnMs: 100, columns: 2, rows: 2 }));
  const refusals: string[] = [];
  const client = {
    requests: () => Promise.reject(new ConsoleError("usage", "no status")),
    events: (): AsyncGenerator<ConsoleEvent> => expect.unreachable("followed"),
  };
  await followRequests(client, feed, {
    query: { status: "x" },
    signal: new AbortController().signal,
    onRefused: (message) => void refusals.push(message),
  });
  expect(refusals).toEqual(["no status"]);
});
