import { beforeAll, describe, expect, test, vi } from "vitest";
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
async function followed(
  kept: number[],
  events: Iterable<ConsoleEvent>,
  query: Query = {},
): Promise<RequestFeed> {
  const ended = new AbortController();
  const feed = new RequestFeed(new LatencyField({ columnMs: 100, columns: 2, rows: 2 }));
  const client = {
    requests: async ({ since, limit }: Query) => {
      const after = since === undefined ? undefined : Number(since);
      const [oldest = 0] = kept;
      const requests = kept.filter((id) => id > (after ?? -1)).map(entry);
      return {
        requests: after === undefined ? requests.slice(-Number(limit)) : requests.slice(0, 1_000),
        next: "",
        lost: after === undefined ? 0 : Math.max(0, oldest - after - 1),
      };
    },
    events: async function* (): AsyncGenerator<ConsoleEvent> {
      yield* events;
      ended.abort();
    },
  };
  const onRefused = (message: string): void => expect.unreachable(message);
  await followRequests(client, feed, { query, signal: ended.signal, onRefused });
  return feed;
}

async function follow(kept: number[], events: Iterable<ConsoleEvent>): Promise<string[]> {
  return (await followed(kept, events)).ring.newest(100).map(({ id }) => id);
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

describe("after a break", () => {
  const numbers = (from: number, to: number): number[] =>
    Array.from({ length: to - from + 1 }, (_, at) => from + at);

  /** Sees 1 to 3, and is connected again when 1,201 to 3,600 are kept. */
  function* broken(kept: number[]): Generator<ConsoleEvent> {
    yield info(1);
    kept.splice(0, kept.length, ...numbers(1_201, 3_600));
    yield info(1);
    yield batch(3_600, 3_601);
  }

  test("all that is kept comes, and what is not is counted", async () => {
    const kept = [1, 2, 3];
    const { counts } = await followed(kept, broken(kept));
    expect(counts).toEqual({ seen: 3 + 2_401, lost: 1_197, held: 0 });
  });

  test("where others are filtered out nobody knows how many are missing", async () => {
    const kept = [1, 2, 3];
    const { counts } = await followed(kept, broken(kept), { status: "5xx" });
    expect(counts).toEqual({ seen: 3 + 2_401, lost: 0, held: 0 });
  });

  test("another process whose numbers are lower is not asked for ever", async () => {
    const kept = numbers(1, 2_000);
    const ids = await follow(kept, [info(1), batch(5_000), info(2), batch(2_001)]);
    expect(ids[0]).toBe("2001");
  });
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
