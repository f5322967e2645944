import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AppList } from "../../runtime/telemetry/admin/console-api.ts";
import type { Telemetry } from "../../runtime/telemetry/telemetry.ts";
import { createCaptureIo, type CaptureIo } from "../capture-io.ts";
import { runProgram } from "../program.ts";

/** Which directory it is in is not known where tables are written. */
const wasm = "hello.wasm";
const userId = process.getuid?.() ?? 0;
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "whorl-test-"));
  writeFileSync(join(directory, wasm), "");
});

afterEach(() => rmSync(directory, { recursive: true }));

interface Running {
  readonly io: CaptureIo;
  readonly exitCode: Promise<number>;
  /** What the app is given to tell of itself. */
  readonly telemetry: Promise<Telemetry | undefined>;
}

function run(
  argv: readonly string[],
  environment: Record<string, string> = {},
  started: Promise<void> = Promise.resolve(),
): Running {
  const io = createCaptureIo();
  const given = Promise.withResolvers<Telemetry | undefined>();
  const paths = argv.map((each) => (each === wasm ? join(directory, wasm) : each));
  const exitCode = runProgram(paths, {
    io,
    version: "1.2.3",
    environment: { XDG_RUNTIME_DIR: directory, ...environment },
    directory,
    prompt: undefined,
    machine: { hostName: "host", pid: 77, userId, openTerminal: () => undefined },
    startApp: async (_app, { telemetry }) => {
      given.resolve(telemetry);
      await started;
      return {
        url: "http://127.0.0.1:3000",
        exited: undefined,
        reload: () => Promise.resolve(),
        close: () => Promise.resolve(),
      };
    },
  });
  void exitCode.then(() => given.reject(new Error(`nothing was started: ${io.written.stderr}`)));
  given.promise.catch(() => undefined);
  return { io, exitCode, telemetry: given.promise };
}

const socketFolder = (): string => join(directory, `whorl-${userId}`);

async function listening(): Promise<void> {
  while (!existsSync(join(socketFolder(), "77.sock"))) await new Promise(setImmediate);
}

function answerOne(telemetry: Telemetry | undefined, path: string): boolean {
  const identity = { app: "hello", component: "hello", trigger: "http", route: "/..." } as const;
  const invocation = telemetry
    ?.handler(identity)
    .begin({ method: "GET", scheme: "http", target: path, rawHeaders: [] });
  invocation?.responded(200);
  invocation?.end();
  return invocation?.isOn === true;
}

describe("an app that is served", () => {
  test("costs nothing until somebody looks, with whorl top and whorl tail", async () => {
    const up = run(["up", wasm]);
    const telemetry = await up.telemetry;
    await listening();
    expect(answerOne(telemetry, "/unseen")).toBe(false);
    const tail = run(["tail", "--count", "1", "--output", "json"]);
    while (!answerOne(telemetry, "/seen")) await new Promise(setImmediate);
    const ended = new AbortController();
    void tail.exitCode.then(() => ended.abort());
    while (!ended.signal.aborted) {
      answerOne(telemetry, "/seen");
      await new Promise(setImmediate);
    }
    expect(await tail.exitCode).toBe(0);
    expect(JSON.parse(tail.io.written.stdout)).toMatchObject({ path: "/seen", app: "hello" });
    const top = run(["top", "hello", "--count", "1", "--interval", "0.1"]);
    expect(await top.exitCode).toBe(0);
    expect(top.io.written.stdout).toMatch(/^hello\/hello {2}.* req\/s/);
    up.io.send("SIGTERM");
    expect(await up.exitCode).toBe(0);
    expect(readdirSync(socketFolder())).toEqual([]);
  });

  test("is told to stop while it still begins to serve: nobody can look any more", async () => {
    const started = Promise.withResolvers<void>();
    const up = run(["up", wasm], {}, started.promise);
    await up.telemetry;
    up.io.send("SIGTERM");
    await new Promise(setImmediate);
    started.resolve();
    expect(await up.exitCode).toBe(0);
    expect(up.io.written.stderr).not.toContain("error");
    expect(existsSync(join(socketFolder(), "77.sock"))).toBe(false);
  });

  test("goes on where nobody can look, and says so", async () => {
    mkdirSync(join(directory, "file"));
    writeFileSync(join(directory, "file", `whorl-${userId}`), "");
    const up = run(["up", wasm], { XDG_RUNTIME_DIR: join(directory, "file") });
    await up.telemetry;
    while (up.io.written.stderr === "") await new Promise(setImmediate);
    expect(up.io.written.stderr).toMatch(/^warning: whorl top and whorl tail cannot look/);
    up.io.send("SIGTERM");
    expect(await up.exitCode).toBe(0);
  });
});

describe("--console", () => {
  test.each([
    ["before the app", ["--console", wasm]],
    ["after the app", [wasm, "--console"]],
    ["with an address", [wasm, "--console", "127.0.0.1:0"]],
    ["with a port", ["--console", "0", wasm]],
  ])("%s shows it to whoever has the address that is printed", async (_, argv) => {
    const up = run(["up", ...argv]);
    answerOne(await up.telemetry, "/");
    const found = /^Console: (http:\/\/127\.0\.0\.1:\d+)\/#token=([\w-]{43})$/m;
    while (!found.test(up.io.written.stdout)) await new Promise(setImmediate);
    const [, url = "", token = ""] = found.exec(up.io.written.stdout) ?? [];
    expect((await fetch(`${url}/api/apps`)).status).toBe(401);
    expect(up.io.written.stderr).toContain("the console refused a request of 127.0.0.1: no token");
    const headers = { authorization: `Bearer ${token}` };
    const { apps } = (await (await fetch(`${url}/api/apps`, { headers })).json()) as AppList;
    expect(apps).toMatchObject([{ id: "hello", url: "http://127.0.0.1:3000" }]);
    up.io.send("SIGTERM");
    expect(await up.exitCode).toBe(0);
    await expect(fetch(`${url}/api/apps`, { headers })).rejects.toThrow("fetch failed");
  });

  test("for other machines comes with a warning", async () => {
    const up = run(["up", wasm, "--console", "0.0.0.0:0"]);
    await up.telemetry;
    expect(up.io.written.stderr).toContain("can be reached from other machines");
    up.io.send("SIGTERM");
    await up.exitCode;
  });

  test("two apps are one too many", async () => {
    const { io, exitCode } = run(["up", "a.wasm", "--console", "b.wasm"]);
    expect(await exitCode).toBe(2);
    expect(io.written.stderr).toContain("several apps are named (a.wasm, b.wasm)");
  });
});

test.each<[string, string[], Record<string, string>]>([
  ["a flag", ["--metrics-listen", "127.0.0.1:0"], {}],
  [
    "OpenTelemetry's variables",
    [],
    { OTEL_METRICS_EXPORTER: "prometheus", OTEL_EXPORTER_PROMETHEUS_PORT: "0" },
  ],
])("metrics are offered by %s, and counted from the first request on", async (_, argv, more) => {
  const up = run(["up", wasm, ...argv], more);
  expect(answerOne(await up.telemetry, "/")).toBe(true);
  up.io.send("SIGTERM");
  expect(await up.exitCode).toBe(0);
});

test("an address for metrics that is taken stops it before anything is served", async () => {
  const first = run(["up", wasm, "--console", "0"]);
  const found = /^Console: http:\/\/(127\.0\.0\.1:\d+)/m;
  while (!found.test(first.io.written.stdout)) await new Promise(setImmediate);
  const [, address = ""] = found.exec(first.io.written.stdout) ?? [];
  const second = run(["up", wasm, "--metrics-listen", address]);
  expect(await second.exitCode).toBe(1);
  expect(second.io.written.stderr).toContain(`cannot offer the live view at ${address}`);
  first.io.send("SIGTERM");
  await first.exitCode;
});
