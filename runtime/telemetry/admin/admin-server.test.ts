import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openTelemetry, type OpenTelemetry } from "../open-telemetry.ts";
import { AdminClient, type AdminDoor, findAdmin } from "./admin-client.ts";
import { type AdminServer, startAdminServer } from "./admin-server.ts";
import { lookHeader } from "./port-forwarded.ts";
import { adminSocketPath, prepareAdminFolder, type SocketPlace } from "./admin-socket.ts";

const userId = process.getuid?.() ?? 0;
let place: SocketPlace;
let telemetry: OpenTelemetry;
let server: AdminServer;

function newTelemetry(): Promise<OpenTelemetry> {
  return openTelemetry({
    environment: {},
    resource: { version: "1", hostName: "host", pid: 1 },
    onWarning: () => undefined,
    onLinesDropped: () => undefined,
  });
}

function serve(pid: number, apps: string[]): Promise<AdminServer> {
  const path = prepareAdminFolder(place, pid);
  return startAdminServer({ kind: "socket", path }, telemetry, () => ({
    apps,
    url: undefined,
    version: "1",
  }));
}

function answerOne(path: string, status = 200): void {
  const handler = telemetry.handler({
    app: "shop",
    component: "cart",
    trigger: "http",
    route: "/...",
  });
  const invocation = handler.begin({ method: "GET", scheme: "http", target: path, rawHeaders: [] });
  invocation.instanceWanted();
  invocation.instanceTaken("fresh");
  invocation.responded(status);
  invocation.end();
}

beforeEach(async () => {
  place = { parent: mkdtempSync(join(tmpdir(), "admin-")), userId };
  telemetry = await newTelemetry();
  server = await serve(101, ["shop"]);
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(place.parent, { recursive: true });
});

describe("the admin socket", () => {
  test("tells usage, which one request changes", async () => {
    const { client, peer } = await findAdmin(place, undefined);
    expect(peer).toMatchObject({ apps: ["shop"], pid: process.pid });
    answerOne("/a", 503);
    telemetry.observe(() => [{ app: "shop", component: "cart", memoryBytes: 65_536 }]);
    const usage = await client.usage();
    expect(usage.components).toEqual([
      expect.objectContaining({
        app: "shop",
        component: "cart",
        requests: 1,
        errors: 1,
        coldStarts: 1,
        memoryBytes: 65_536,
      }),
    ]);
  });

  test("streams requests that pass the filter as they end", async () => {
    const client = new AdminClient(adminSocketPath(place, 101));
    const ended = new AbortController();
    const records = client.requests({ status: "4xx" }, ended.signal);
    const first = records.next();
    while (!telemetry.requestLog.isWatched) await new Promise(setImmediate);
    answerOne("/found");
    answerOne("/missing?token=1", 404);
    expect((await first).value).toMatchObject({
      path: "/missing?token=1",
      status: 404,
      isCold: false,
    });
    ended.abort();
    expect((await records.next()).done).toBe(true);
    while (telemetry.requestLog.isWatched) await new Promise(setImmediate);
  });

  test("a filter that is none is refused with its reason", async () => {
    const client = new AdminClient(adminSocketPath(place, 101));
    const records = client.requests({ status: "x" }, new AbortController().signal);
    await expect(records.next()).rejects.toMatchObject({ code: "usage" });
  });

  test("the stream ends with the process", async () => {
    const client = new AdminClient(adminSocketPath(place, 101));
    const next = client.requests({}, new AbortController().signal).next();
    while (!telemetry.requestLog.isWatched) await new Promise(setImmediate);
    await server[Symbol.asyncDispose]();
    expect((await next).done).toBe(true);
    expect(existsSync(adminSocketPath(place, 101))).toBe(false);
    server = await serve(101, ["shop"]);
  });

  test.each(["GET", "POST"])(
    "answers %s with what is there, and breaks at nothing",
    async (method) => {
      const socket = connect(adminSocketPath(place, 101));
      socket.end(`${method} //%zz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      let text = "";
      for await (const chunk of socket.setEncoding("utf8")) text += String(chunk);
      expect(text).toMatch(/^HTTP\/1\.1 (404|405) /);
    },
  );
});

describe("findAdmin", () => {
  test("none, several, by name, by number of the process; dead sockets do not count", async () => {
    await expect(
      findAdmin({ parent: join(place.parent, "no"), userId }, undefined),
    ).rejects.toThrow('start one with "whorl up"');
    writeFileSync(adminSocketPath(place, 99), "");
    await using _other = await serve(102, ["blog"]);
    await expect(findAdmin(place, undefined)).rejects.toThrow("several apps are running");
    await expect(findAdmin(place, "none")).rejects.toThrow('"none"');
    expect((await findAdmin(place, "blog")).peer.apps).toEqual(["blog"]);
  });

  test("who does not answer is told from who is not there, and holds up nobody else", async () => {
    const patience = { shortMs: 50, longMs: 1_000 };
    const silent = createServer((socket) => void socket.resume()).listen(
      adminSocketPath(place, 103),
    );
    await once(silent, "listening");
    expect((await findAdmin(place, undefined, patience)).peer.apps).toEqual(["shop"]);
    await server[Symbol.asyncDispose]();
    await expect(findAdmin(place, undefined, patience)).rejects.toMatchObject({
      code: "listen",
      message: expect.stringContaining("process 103 cannot say what runs there") as unknown,
    });
    silent.close();
    await once(silent, "close");
    server = await serve(101, ["shop"]);
  });

  test("a folder that others may write to is not looked at, and not used", async () => {
    const open = { parent: mkdtempSync(join(tmpdir(), "admin-")), userId };
    mkdirSync(join(open.parent, "elsewhere"));
    symlinkSync(join(open.parent, "elsewhere"), join(open.parent, `whorl-${userId}`));
    expect(() => prepareAdminFolder(open, 1)).toThrow(expect.objectContaining({ code: "listen" }));
    rmSync(open.parent, { recursive: true });
    expect(statSync(join(place.parent, `whorl-${userId}`)).mode & 0o777).toBe(0o700);
  });
});

test("the address for Prometheus has metrics and nothing else", async () => {
  await using metrics = await startAdminServer(
    { kind: "metrics", host: "127.0.0.1", port: 0 },
    telemetry,
    () => ({ apps: [], url: undefined, version: "1" }),
  );
  answerOne("/a");
  const url = `http://127.0.0.1:${metrics.port}`;
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toContain('whorl_requests_total{app="shop",component="cart",trigger="http"');
  const headers = Object.fromEntries([lookHeader]);
  for (const path of ["/v1/requests", "/v1/usage", "/v1/identity", "/"]) {
    expect((await fetch(url + path, { headers })).status).toBe(404);
  }
  await expect(
    startAdminServer({ kind: "metrics", host: "127.0.0.1", port: metrics.port }, telemetry, () => ({
      apps: [],
      url: undefined,
      version: "1",
    })),
  ).rejects.toMatchObject({ code: "listen" });
});

describe("the address for Prometheus of a pod", () => {
  const told = (): { apps: string[]; url: undefined; version: string } => ({
    ...{ apps: ["shop"], url: undefined, version: "1" },
  });
  const serveInPod = (port = 0): Promise<AdminServer> =>
    startAdminServer(
      { kind: "metrics", host: "127.0.0.1", port, requestsByPortForward: true },
      telemetry,
      told,
    );
  const door = (port: number): AdminDoor => ({
    name: "pod shop-1",
    open: () => Promise.resolve(connect(port, "127.0.0.1")),
  });

  test("shows requests to a client that comes through another door", async () => {
    await using metrics = await serveInPod();
    const ended = new AbortController();
    const records = new AdminClient(door(metrics.port)).requests({ cold: true }, ended.signal);
    const first = records.next();
    while (!telemetry.requestLog.isWatched) await new Promise(setImmediate);
    answerOne("/a");
    expect((await first).value).toMatchObject({ path: "/a", isCold: true });
    ended.abort();
    expect((await records.next()).done).toBe(true);
    while (telemetry.requestLog.isWatched) await new Promise(setImmediate);
  });

  test("shows them to nobody who does not say so, and nothing else to anybody", async () => {
    await using metrics = await serveInPod();
    const url = `http://127.0.0.1:${metrics.port}`;
    const headers = Object.fromEntries([lookHeader]);
    expect((await fetch(`${url}/v1/requests`)).status).toBe(404);
    for (const path of ["/v1/usage", "/v1/identity", "/"]) {
      expect((await fetch(url + path, { headers })).status).toBe(404);
    }
  });

  test("who has gone is named, and an older version is told apart", async () => {
    const gone = await serveInPod();
    const client = new AdminClient(door(gone.port));
    await gone[Symbol.asyncDispose]();
    const { signal } = new AbortController();
    await expect(client.requests({}, signal).next()).rejects.toMatchObject({
      code: "listen",
      message: expect.stringContaining("pod shop-1 does not answer") as unknown,
    });
    await using older = await startAdminServer(
      { kind: "metrics", host: "127.0.0.1", port: 0 },
      telemetry,
      told,
    );
    await expect(
      new AdminClient(door(older.port)).requests({}, signal).next(),
    ).rejects.toMatchObject({ code: "unsupported" });
  });
});
