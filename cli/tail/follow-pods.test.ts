import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { WhorlError } from "../../runtime/error.ts";
import { limits } from "../../runtime/limits.ts";
import { AdminClient, type FollowedLine } from "../../runtime/telemetry/admin/admin-client.ts";
import { type AdminServer, startAdminServer } from "../../runtime/telemetry/admin/admin-server.ts";
import { openTelemetry, type OpenTelemetry } from "../../runtime/telemetry/open-telemetry.ts";
import { followPods, type FollowablePod } from "./follow-pods.ts";

/** Nobody listens there. */
const closedPort = 1;

/** What answers requests as the process of a pod does, and can be reached as a pod can. */
class TestPod implements FollowablePod {
  readonly node = "node-1";
  readonly client: AdminClient;
  #telemetry: OpenTelemetry | undefined;
  #server: AdminServer | undefined;
  #port = 0;

  readonly name: string;

  constructor(name: string) {
    this.name = name;
    const open = () => Promise.resolve(connect(this.#port, "127.0.0.1"));
    this.client = new AdminClient({ name: `pod ${name}`, open });
  }

  async start(requestsByPortForward = true): Promise<this> {
    this.#telemetry = await openTelemetry({
      environment: {},
      resource: { version: "1", hostName: "host", pid: 1 },
      onWarning: () => undefined,
      onLinesDropped: () => undefined,
    });
    this.#server = await startAdminServer(
      { kind: "metrics", host: "127.0.0.1", port: 0, requestsByPortForward },
      this.#telemetry,
      () => ({ apps: ["shop"], url: undefined, version: "1" }),
    );
    this.#port = this.#server.port;
    return this;
  }

  async stop(): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    await this.#telemetry?.close();
    this.#port = closedPort;
  }

  get isWatched(): boolean {
    return this.#telemetry?.requestLog.isWatched === true;
  }

  answer(path: string, status = 200): void {
    const identity = { app: "shop", component: "cart", trigger: "http", route: "/..." } as const;
    const request = { method: "GET", scheme: "http", target: path, rawHeaders: [] } as const;
    const invocation = this.#telemetry?.handler(identity).begin(request);
    invocation?.responded(status);
    invocation?.end();
  }
}

let pods: TestPod[];
let lines: string[];
let notes: string[];
let ended: AbortController;

beforeEach(async () => {
  pods = await Promise.all(["a", "b"].map((name) => new TestPod(name).start()));
  [lines, notes] = [[], []];
  ended = new AbortController();
});
afterEach(async () => {
  ended.abort();
  await Promise.all(pods.map((pod) => pod.stop()));
});

function follow(
  there: () => Promise<readonly FollowablePod[]> = () => Promise.resolve(pods),
  filter = {},
): Promise<void> {
  const text = (line: FollowedLine): string => ("lost" in line ? `-${line.lost}` : line.path);
  return followPods({
    ...{ filter, signal: ended.signal, pods: there, lookEveryMs: 5, retryAfterMs: 5 },
    onLine: (line, pod) => void lines.push(`${pod.name} ${text(line)}`),
    onNote: (message) => void notes.push(message),
  });
}

const watched = (): Promise<void> =>
  vi.waitFor(() => expect(pods.every((pod) => pod.isWatched)).toBe(true));

describe("followPods", () => {
  test("merges the requests of all pods that pass, until it is ended", async () => {
    const following = follow(undefined, { status: "5xx" });
    await watched();
    pods[0]?.answer("/1", 503);
    pods[1]?.answer("/2");
    await vi.waitFor(() => expect(lines).toEqual(["a /1"]));
    pods[1]?.answer("/3", 500);
    await vi.waitFor(() => expect(lines).toEqual(["a /1", "b /3"]));
    ended.abort();
    await following;
    await vi.waitFor(() => expect(pods.some((pod) => pod.isWatched)).toBe(false));
  });

  test("goes on when a pod's process begins anew, and says that it was away", async () => {
    const following = follow();
    await watched();
    await pods[0]?.stop();
    const away = /^pod a does not answer: .*; trying again$/;
    await vi.waitFor(() => expect(notes.at(-1)).toMatch(away));
    await pods[0]?.start();
    await watched();
    pods[0]?.answer("/again");
    await vi.waitFor(() => expect(lines).toEqual(["a /again"]));
    // It was away at two moments at most: while it ended, and after that.
    expect(notes.length).toBeLessThan(3);
    ended.abort();
    await following;
  });

  test("takes up pods that come, and leaves those that go", async () => {
    let there = pods.slice(0, 1);
    const following = follow(() => Promise.resolve(there));
    await vi.waitFor(() => expect(pods[0]?.isWatched).toBe(true));
    expect(pods[1]?.isWatched).toBe(false);
    there = pods.slice(1);
    await pods[0]?.stop();
    await vi.waitFor(() => expect(pods[1]?.isWatched).toBe(true));
    pods[1]?.answer("/new");
    await vi.waitFor(() => expect(lines).toEqual(["b /new"]));
    ended.abort();
    await following;
  });

  test("goes on while the cluster does not say which pods there are", async () => {
    const refusal = new WhorlError("cluster", "cannot list pods: the cluster does not answer");
    let looks = 0;
    const following = follow(() =>
      looks++ === 0 ? Promise.resolve(pods) : Promise.reject(refusal),
    );
    await vi.waitFor(() => expect(looks).toBeGreaterThan(2));
    await watched();
    pods[0]?.answer("/1");
    await vi.waitFor(() => expect(lines).toEqual(["a /1"]));
    expect(notes).toEqual([`no other pods are found at present: ${refusal.message}`]);
    ended.abort();
    await following;
  });

  test("an older version of Whorl in a pod is told once", async () => {
    await pods[0]?.stop();
    await pods[0]?.start(false);
    const following = follow();
    await vi.waitFor(() => expect(pods[1]?.isWatched).toBe(true));
    pods[1]?.answer("/1");
    await vi.waitFor(() => expect(lines).toEqual(["b /1"]));
    await vi.waitFor(() => expect(notes).toHaveLength(1));
    expect(notes[0]).toContain("pod a has a version of Whorl that does not show its requests");
    ended.abort();
    await following;
  });

  test("follows so many pods at once, and says how many it leaves out", async () => {
    const silent: FollowablePod["client"] = {
      async *requests(_filter, signal) {
        await new Promise((done) => signal.addEventListener("abort", done));
        yield* [];
      },
    };
    const many = Array.from({ length: limits.podsFollowedMax + 3 }, (_, at) => ({
      ...{ name: `pod-${at}`, node: "", client: silent },
    }));
    const following = follow(() => Promise.resolve(many));
    await vi.waitFor(() => expect(notes).toHaveLength(1));
    expect(notes[0]).toMatch(/^3 of 103 pods are not followed: more than 100 at once/);
    ended.abort();
    await following;
  });

  test.each<[string, () => Promise<void>, string]>([
    [
      "no pods",
      () => follow(() => Promise.reject(new WhorlError("cluster", "no pods"))),
      "cluster",
    ],
    ["a filter that is none", () => follow(undefined, { status: "x" }), "usage"],
    [
      "no rights",
      () => {
        const open = () => Promise.reject(new WhorlError("cluster", "refused"));
        const client = new AdminClient({ name: "pod a", open });
        return follow(() => Promise.resolve([{ name: "a", node: "", client }, ...pods]));
      },
      "cluster",
    ],
  ])("ends with the reason: %s", async (_, begin, code) => {
    await expect(begin()).rejects.toMatchObject({ code });
    await vi.waitFor(() => expect(pods.some((pod) => pod.isWatched)).toBe(false));
  });
});
