import { once } from "node:events";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { request as ask } from "undici";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WhorlError } from "../../error.ts";
import { limits } from "../../limits.ts";
import { UsageSampler } from "../live/usage-sampler.ts";
import { openTelemetry, type OpenTelemetry } from "../open-telemetry.ts";
import { tokenAccess } from "./console-access.ts";
import type {
  AppDetail,
  AppList,
  ConsoleEvent,
  RequestDetail,
  RequestPage,
} from "./console-api.ts";
import { startConsole, type ConsoleServer } from "./console-server.ts";
import { ProcessView } from "./process-view.ts";

const token = "the-token";
let telemetry: OpenTelemetry;
let sampler: UsageSampler;
let server: ConsoleServer;
let refused: string[];

const page = new TextEncoder().encode("<!doctype html>");
const packed = gzipSync(page);

beforeEach(async () => {
  refused = [];
  telemetry = await openTelemetry({
    environment: {},
    resource: { version: "1", hostName: "host", pid: 1 },
    keepsRequests: true,
    onWarning: () => undefined,
    onLinesDropped: () => undefined,
  });
  sampler = new UsageSampler(telemetry);
  const { recorder } = telemetry;
  if (recorder === undefined) throw new Error("nothing is kept");
  const view = new ProcessView({
    recorder,
    sampler,
    info: () => ({ title: "shop", version: "1", pid: 1, startedMs: 0 }),
    apps: () => [
      {
        name: "shop",
        url: "http://127.0.0.1:3000",
        warnings: ["careful"],
        components: [{ id: "cart", source: "cart.wasm" }, { id: "other" }],
        triggers: [{ kind: "http", id: "t", component: "cart", source: "/cart/..." }],
      },
    ],
  });
  server = await startConsole({
    host: "127.0.0.1",
    port: 0,
    view,
    files: new Map([
      ["/index.html", { bytes: page, type: "text/html; charset=utf-8" }],
      ["/app-1A2B3C4D.js", { bytes: packed, type: "text/javascript", encoding: "gzip" as const }],
    ]),
    authorize: tokenAccess(token),
    onRefused: (message) => refused.push(message),
  });
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
  sampler[Symbol.dispose]();
  await telemetry.close();
});

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(server.url + path, { headers: { authorization: `Bearer ${token}`, ...headers } });
}

async function read<T>(path: string): Promise<T> {
  const response = await get(path);
  expect(response.status, path).toBe(200);
  return (await response.json()) as T;
}

function answerOne(path: string, status = 200, error?: unknown): void {
  const handler = telemetry.handler({
    ...{ app: "shop", component: "cart", trigger: "http", route: "/cart/..." },
  });
  const invocation = handler.begin({ method: "GET", scheme: "http", target: path, rawHeaders: [] });
  invocation.instanceWanted();
  invocation.instanceTaken("reset");
  invocation.outbound({ method: "GET", origin: "https://api.test", path: "/v1" }).end(200);
  invocation.hostCall("spin_key_value.get").end();
  invocation.line("stderr", "careful\u001b[2J");
  if (error !== undefined) invocation.failed(error);
  invocation.responded(status);
  invocation.resetStarted();
  invocation.resetEnded();
  invocation.end();
}

describe("what it shows", () => {
  test("apps with their usage, health and newest failure", async () => {
    answerOne("/cart/1");
    answerOne("/cart/2", 500, new WhorlError("trap", "handle failed: unreachable"));
    telemetry.observe(() => [{ app: "shop", component: "cart", memoryBytes: 65_536 }]);
    sampler.look();
    const { apps, total } = await read<AppList>("/api/apps?search=SH&health=failing");
    expect(total).toBe(1);
    expect(apps[0]?.recentRequests?.at(-1)).toBeGreaterThan(0);
    expect(apps[0]).toMatchObject({
      id: "shop",
      health: "failing",
      componentCount: 2,
      usage: { requestsTotal: 2, errorsTotal: 1, memoryBytes: 65_536 },
      lastFailure: { code: "trap", requestId: "2", remedy: expect.stringContaining("stderr") },
    });
    expect((await read<AppList>("/api/apps?search=none")).apps).toEqual([]);
    expect((await read<AppList>("/api/apps?health=idle")).apps).toEqual([]);
    const app = await read<AppDetail>("/api/apps/shop");
    expect(app.warnings).toEqual(["careful"]);
    expect(app.components.map(({ id, usage }) => [id, usage.requestsTotal])).toEqual([
      ["cart", 2],
      ["other", 0],
    ]);
    expect(app.history.at(-1)?.requestsPerSecond).toBeGreaterThan(0);
    expect(app.latency.counts.reduce((sum, count) => sum + count, 0)).toBe(2);
    expect((await get("/api/apps/none")).status).toBe(404);
  });

  test("requests, page by page, and one of them with its spans and lines", async () => {
    answerOne("/cart/1");
    const first = await read<RequestPage>("/api/requests");
    answerOne("/cart/<script>2", 503);
    const next = await read<RequestPage>(`/api/requests?since=${first.next}&errors=true`);
    expect(next.requests.map(({ path, error }) => [path, error])).toEqual([
      ["/cart/<script>2", "response"],
    ]);
    const detail = await read<RequestDetail>(`/api/requests/${next.next}`);
    expect(detail.failure).toMatchObject({ code: "response", message: "the guest answered 503" });
    expect(detail.lines).toEqual([
      { atMs: expect.any(Number) as number, stream: "stderr", text: "careful\u001b[2J" },
    ]);
    const [root, ...parts] = detail.spans;
    expect(root).toMatchObject({ kind: "request", startMs: 0, name: "GET /cart/..." });
    expect(root).not.toHaveProperty("parentId");
    expect(parts.map(({ kind }) => kind).toSorted()).toEqual(
      ["guest", "host-call", "instance", "outbound", "queue", "reset"].toSorted(),
    );
    const guest = parts.find(({ kind }) => kind === "guest");
    const outbound = parts.find(({ kind }) => kind === "outbound");
    expect(outbound?.parentId).toBe(guest?.id);
    expect(guest?.parentId).toBe(root?.id);
    expect((await get("/api/requests/99")).status).toBe(404);
    expect((await get("/api/requests/x")).status).toBe(404);
  });

  test("there are no pods in a process", async () => {
    expect(await read("/api/pods")).toEqual({ nodes: [] });
  });

  test.each([
    "/api/requests?status=6xx",
    "/api/requests?since=a%20b",
    "/api/requests?limit=-1",
    "/api/apps?health=fine",
    "/api/events?topics=all",
    "/api/events?slowerThanMs=soon",
  ])("%s is refused with its reason", async (path) => {
    const response = await get(path);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "usage" });
  });
});

type EventData<K> = (ConsoleEvent & { event: K })["data"];

/** Reads events until one of that kind has come. */
async function until<K extends ConsoleEvent["event"]>(
  response: Response,
  kind: K,
): Promise<EventData<K>> {
  let text = "";
  const form = new RegExp(`^event: ${kind}\\ndata: (.*)\\n\\n`, "m");
  const reader = response.body?.getReader();
  for (;;) {
    const found = form.exec(text)?.[1];
    if (found !== undefined) {
      reader?.releaseLock();
      return JSON.parse(found) as EventData<K>;
    }
    const chunk = await reader?.read();
    if (chunk?.value === undefined) throw new Error(`no ${kind} in ${text}`);
    text += new TextDecoder().decode(chunk.value);
  }
}

describe("events", () => {
  test("who it is, requests, failures and usage", async () => {
    const response = await get("/api/events?path=/cart/seen");
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(await until(response, "info")).toMatchObject({ scope: "process", title: "shop" });
    answerOne("/cart/hidden");
    answerOne("/cart/seen", 500);
    sampler.look();
    const usage = await until(response, "usage");
    expect(usage.apps[0]).toMatchObject({ id: "shop", usage: { requestsTotal: 2 } });
    answerOne("/cart/seen", 500);
    const requests = await until(response, "requests");
    expect(requests.requests.map(({ path }) => path)).toEqual(["/cart/seen"]);
    await response.body?.cancel();
  });

  test("only what was asked for", async () => {
    const response = await get("/api/events?topics=failures&app=shop");
    answerOne("/cart/1");
    answerOne("/cart/2", 500, new WhorlError("limit", "no more", { limit: "instances" }));
    const { failures } = await until(response, "failures");
    expect(failures).toMatchObject([{ code: "limit", message: "no more", app: "shop" }]);
    await response.body?.cancel();
  });

  test("who does not read loses requests, not the connection", async () => {
    const { port } = new URL(server.url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.pause();
    const lines = `host: localhost\r\nauthorization: Bearer ${token}`;
    socket.write(`GET /api/events?topics=requests HTTP/1.1\r\n${lines}\r\n\r\n`);
    while (telemetry.recorder?.log.isWatched === false) await new Promise(setImmediate);
    const path = `/${"x".repeat(4_000)}`;
    for (let at = 0; at < limits.requestLogWaitingMax + 3; at++) answerOne(path);
    let text = "";
    socket.on("data", (chunk) => (text += chunk.toString()));
    socket.resume();
    const lost = /"lost":3\}/;
    while (!lost.test(text)) await once(socket, "data");
    expect(text.split('"isCold"').length - 1).toBe(limits.requestLogWaitingMax);
    socket.destroy();
  });

  test("as many as may follow", async () => {
    const ended = new AbortController();
    const open = (): Promise<Response> =>
      fetch(`${server.url}/api/events`, {
        headers: { authorization: `Bearer ${token}` },
        signal: ended.signal,
      });
    const all = await Promise.all(Array.from({ length: limits.consoleFeedsMax }, open));
    expect(all.every(({ status }) => status === 200)).toBe(true);
    expect((await open()).status).toBe(503);
    ended.abort();
    // Places are free again once the server has seen them go.
    for (let status = 503; status === 503; await new Promise(setImmediate)) {
      const again = await get("/api/events");
      ({ status } = again);
      await again.body?.cancel();
    }
  });
});

describe("who may see it", () => {
  test("without the token only the page itself, and it is told", async () => {
    for (const authorization of ["", "Bearer wrong", "Basic x"]) {
      const response = await get("/api/apps", { authorization });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(await response.json()).toMatchObject({ code: "unauthorized" });
    }
    expect((await get("/", { authorization: "" })).status).toBe(200);
    expect(refused).toEqual(["the console refused a request of 127.0.0.1: no token"]);
    await server[Symbol.asyncDispose]();
    expect(refused[1]).toBe("the console refused 2 more requests");
  });

  test("a token in the address is none", async () => {
    const response = await get(`/api/apps?token=${token}`, { authorization: "" });
    expect(response.status).toBe(401);
  });

  test.each([["/"], ["/api/apps"]])(
    "%s is not for strangers' pages, token or not",
    async (path) => {
      expect((await get(path, { origin: "https://evil.example" })).status).toBe(403);
      expect((await get(path, { "sec-fetch-site": "cross-site" })).status).toBe(403);
      const { port } = new URL(server.url);
      const socket = connect(Number(port), "127.0.0.1");
      const lines = `host: evil.example\r\nauthorization: Bearer ${token}\r\nconnection: close`;
      socket.end(`GET ${path} HTTP/1.1\r\n${lines}\r\n\r\n`);
      let text = "";
      for await (const chunk of socket.setEncoding("utf8")) text += String(chunk);
      expect(text).toMatch(/^HTTP\/1\.1 403 /);
      expect(text).not.toContain("access-control");
    },
  );

  test.each(["POST", "PUT", "DELETE", "HEAD", "OPTIONS"])("%s changes nothing", async (method) => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${server.url}/api/apps`, { method, headers });
    expect(response.status).toBe(405);
  });
});

describe("the page", () => {
  test.each([
    ["/", "no-store"],
    ["/apps/shop", "no-store"],
    ["/app-1A2B3C4D.js", "public, max-age=31536000, immutable"],
  ])("%s comes with what keeps it to itself", async (path, cache) => {
    const { headers, status } = await get(path, { "accept-encoding": "identity" });
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toBe(cache);
    expect(headers.get("content-security-policy")).toMatch(/default-src 'none'.*ancestors 'none'/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
  });

  test.each([
    [undefined, undefined],
    ["gzip", "gzip"],
    ["br, GZIP;q=0.5", "gzip"],
    ["deflate, *", "gzip"],
    ["identity", undefined],
    ["gzip;q=0, deflate", undefined],
    ["gzip ; q=0.000", undefined],
    ["*, gzip;q=0", undefined],
    ["*;q=0, gzip", "gzip"],
    ["not-gzip", undefined],
  ])("who accepts %s gets it as %s", async (accepted, encoding) => {
    const url = `${server.url}/app-1A2B3C4D.js`;
    const answer = await ask(url, { headers: accepted ? { "accept-encoding": accepted } : {} });
    expect(answer.headers["content-encoding"]).toBe(encoding);
    expect(answer.headers["vary"]).toBe("accept-encoding");
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    expect(bytes.equals(encoding === undefined ? page : packed)).toBe(true);
  });

  test.each(["/missing.js", "/../package.json", "/%2e%2e/package.json", "/api", "/api/none"])(
    "%s is not there",
    async (path) => {
      expect((await get(path)).status).toBe(404);
    },
  );
});

test("an address that is taken is told", async () => {
  const { port } = new URL(server.url);
  const second = startConsole({
    host: "127.0.0.1",
    port: Number(port),
    view: undefined as never,
    files: new Map(),
    authorize: tokenAccess(token),
    onRefused: () => undefined,
  });
  await expect(second).rejects.toMatchObject({ code: "listen" });
});
