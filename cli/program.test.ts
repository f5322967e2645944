import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { App } from "../runtime/app/app.ts";
import { WhorlError } from "../runtime/error.ts";
import type { RunningApp } from "../runtime/trigger/running-app.ts";
import type { AppStartOptions } from "./up/up.ts";
import { createCaptureIo } from "./capture-io.ts";
import type { CaptureIo } from "./capture-io.ts";
import { runProgram } from "./program.ts";

let directory = "";
let wasm = "";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "whorl-test-"));
  wasm = join(directory, "hello.wasm");
  await writeFile(wasm, "");
});

afterAll(() => rm(directory, { recursive: true, force: true }));

/** The path is not known yet where tables are written. */
const wasmPlaceholder = "hello.wasm";

interface Run {
  readonly io: CaptureIo;
  readonly exitCode: Promise<number>;
  /** What the engine was asked to serve, once it is serving. */
  readonly started: Promise<{ app: App; options: AppStartOptions }>;
}

interface RunSetup {
  readonly environment?: Readonly<Record<string, string>>;
  readonly close?: RunningApp["close"];
  readonly exited?: Promise<number>;
  readonly start?: () => Promise<never>;
}

function run(argv: readonly string[], setup: RunSetup = {}): Run {
  const io = createCaptureIo();
  const started = Promise.withResolvers<{ app: App; options: AppStartOptions }>();
  const exitCode = runProgram(argv, {
    io,
    version: "1.2.3",
    environment: setup.environment ?? {},
    directory,
    prompt: undefined,
    startApp: async (app, options) => {
      await setup.start?.();
      started.resolve({ app, options });
      const url = `http://${options.listen.host}:${options.listen.port}`;
      return {
        url,
        exited: setup.exited,
        reload: () => Promise.resolve(),
        close: setup.close ?? (() => Promise.resolve()),
      };
    },
  });
  return { io, exitCode, started: started.promise };
}

async function optionsOf(argv: readonly string[], setup?: RunSetup): Promise<AppStartOptions> {
  const { io, exitCode, started } = run(["up", wasm, ...argv], setup);
  const { options } = await started;
  io.send("SIGTERM");
  expect(await exitCode).toBe(0);
  return options;
}

describe("whorl up listens on", () => {
  test.each<[argv: string[], environment: Record<string, string>, host: string, port: number]>([
    [[], {}, "127.0.0.1", 3000],
    [["--listen", "0.0.0.0:80"], {}, "0.0.0.0", 80],
    [["--listen=[::1]:1"], {}, "::1", 1],
    [[], { SPIN_HTTP_LISTEN_ADDR: "127.0.0.1:9" }, "127.0.0.1", 9],
    [[], { SPIN_HTTP_LISTEN_ADDR: "" }, "127.0.0.1", 3000],
    [["--listen", "127.0.0.1:8"], { SPIN_HTTP_LISTEN_ADDR: "127.0.0.1:9" }, "127.0.0.1", 8],
  ])("%j with %j", async (argv, environment, host, port) => {
    expect((await optionsOf(argv, { environment })).listen).toEqual({ host, port });
  });
});

describe("whorl up passes on", () => {
  test.each<[argv: string[], environment: [string, string][]]>([
    [[], []],
    [["--env", "A=1"], [["A", "1"]]],
    [
      ["-e", "A=1=2", "--env=B="],
      [
        ["A", "1=2"],
        ["B", ""],
      ],
    ],
  ])("the environment of %j", async (argv, environment) => {
    expect((await optionsOf(argv)).environment).toEqual(environment);
  });

  test.each<[argv: string[], environment: Record<string, string>]>([
    [["--tls-cert", "c", "--tls-key", "k"], {}],
    [[], { SPIN_TLS_CERT: "c", SPIN_TLS_KEY: "k" }],
    [["--tls-cert", "c"], { SPIN_TLS_CERT: "x", SPIN_TLS_KEY: "k" }],
  ])("the TLS files of %j with %j", async (argv, environment) => {
    const { tls } = await optionsOf(argv, { environment });
    expect(tls).toEqual({ certFile: "c", keyFile: "k" });
  });

  test("no TLS without files", async () => {
    expect(await optionsOf([])).not.toHaveProperty("tls");
  });
});

test.each(["-f", "--from", "--file"])("whorl up takes the app from %s", async (flag) => {
  const { io, exitCode, started } = run(["up", flag, directory]);
  expect((await started).app.name).toBe("hello");
  io.send("SIGINT");
  expect(await exitCode).toBe(0);
});

describe("a wrong command line", () => {
  test.each<[argv: string[], message: string]>([
    [["up", wasmPlaceholder, "-c", "b"], 'the app has no component "b" to keep; it has hello'],
    [["frob"], "unknown command 'frob'"],
    [["up", "--frob"], "unknown option '--frob'"],
    [["up", "a", "b"], "too many arguments"],
    [["up", "a", "-f", "b"], "several apps are named (a, b)"],
    [["up", "--from", "a", "--file", "b"], "several apps are named (a, b)"],
    [["up", "--listen", "x"], '"x" is not an address to listen on'],
    [["up", "--listen"], "argument missing"],
    [["up", "--env", "A"], "Write NAME=VALUE."],
    [["up", "--env", "=A"], "Write NAME=VALUE."],
    [["up", "--tls-cert", "c"], "TLS needs both"],
    [["up", "--tls-key", "k"], "TLS needs both"],
    [["up", "--output", "xml"], "Allowed choices are text, json."],
  ])("%j is refused", async (given, message) => {
    const argv = given.map((word) => (word === wasmPlaceholder ? wasm : word));
    const { io, exitCode } = run(argv);
    expect(await exitCode).toBe(2);
    expect(io.written.stdout).toBe("");
    expect(io.written.stderr).toMatch(/^error: /);
    expect(io.written.stderr).toContain(message);
  });

  test.each([[["up", "--frob", "--output", "json"]], [["up", "--output=json", "--listen", "x"]]])(
    "%j is refused as JSON",
    async (argv) => {
      const { io, exitCode } = run(argv);
      expect(await exitCode).toBe(2);
      expect(io.written.stderr).toBe("");
      expect(JSON.parse(io.written.stdout)).toMatchObject({ event: "error", code: "usage" });
    },
  );

  test("without a command shows the help", async () => {
    const { io, exitCode } = run([]);
    expect(await exitCode).toBe(2);
    expect(io.written.stderr).toContain("Usage: whorl");
  });
});

describe("whorl up ends", () => {
  test("with 1 when the app cannot be loaded", async () => {
    const { io, exitCode } = run(["up", join(directory, "nope")]);
    expect(await exitCode).toBe(1);
    expect(io.written.stderr).toContain("does not exist");
  });

  test.each<[error: unknown, exitCode: number]>([
    [new WhorlError("listen", "taken"), 1],
    [new TypeError("oops"), 70],
  ])("when starting fails: %s", async (error, expected) => {
    const { io, exitCode } = run(["up", wasm], { start: () => Promise.reject(error) });
    expect(await exitCode).toBe(expected);
    expect(io.written.stderr).toContain((error as Error).message);
  });

  test("at a signal while it is starting", async () => {
    const entered = Promise.withResolvers<undefined>();
    const { io, exitCode } = run(["up", wasm], {
      start: () => {
        entered.resolve(undefined);
        return new Promise(() => undefined);
      },
    });
    await entered.promise;
    io.send("SIGTERM");
    expect(await exitCode).toBe(0);
  });

  test("after the requests in flight, which it gives a bounded time", async () => {
    const closing = Promise.withResolvers<AbortSignal | undefined>();
    const finished = Promise.withResolvers<void>();
    const { io, exitCode, started } = run(["up", wasm], {
      close: (signal) => {
        closing.resolve(signal);
        return finished.promise;
      },
    });
    await started;
    io.send("SIGTERM");
    expect(await closing.promise).toBeInstanceOf(AbortSignal);
    expect(io.written.stderr).toContain("SIGTERM: finishing requests in flight");
    finished.resolve();
    expect(await exitCode).toBe(0);
  });

  test("at once at a second signal", async () => {
    const { io, exitCode, started } = run(["up", wasm], {
      close: () => new Promise(() => undefined),
    });
    await started;
    io.send("SIGTERM");
    io.send("SIGINT");
    expect(await exitCode).toBe(130);
  });
});

describe("whorl up of a command", () => {
  test("ends with it and its exit status", async () => {
    const exited = Promise.withResolvers<number>();
    const { exitCode, started } = run(["up", wasm], { exited: exited.promise });
    await started;
    exited.resolve(7);
    expect(await exitCode).toBe(7);
  });

  test("passes on what comes after --", async () => {
    const argv = ["--quiet", "--", "--quiet", "a b", "--", "--output", "json"];
    expect((await optionsOf(argv)).arguments).toEqual(argv.slice(2));
    expect((await optionsOf([])).arguments).toEqual([]);
  });
});

describe("whorl up tells", () => {
  test("what the app does", async () => {
    const { io, exitCode, started } = run(["up", wasm]);
    const { options } = await started;
    options.onGuestLine("hello", "stdout", "hi");
    options.onWarning("careful");
    options.onError("a request failed");
    io.send("SIGTERM");
    await exitCode;
    expect(io.written.stdout).toContain("[hello] hi\n");
    expect(io.written.stdout).toContain("Serving http://127.0.0.1:3000\n");
    expect(io.written.stderr).toContain("warning: careful\nerror: a request failed\n");
  });

  test("nothing of the guests when it has to be quiet", async () => {
    const { io, exitCode, started } = run(["up", wasm, "-q"]);
    (await started).options.onGuestLine("hello", "stdout", "hi");
    io.send("SIGTERM");
    await exitCode;
    expect(io.written.stdout).not.toContain("hi\n");
  });

  test("errors that nobody caught, and goes on", async () => {
    const { io, exitCode, started } = run(["up", wasm, "--output", "json"]);
    await started;
    // The server is told after the engine has started it.
    await new Promise((resolve) => setImmediate(resolve));
    io.survive?.(new Error("lost"));
    expect(io.written.stdout).toContain('{"event":"error","code":"internal","message":"lost"}\n');
    io.send("SIGTERM");
    expect(await exitCode).toBe(0);
    expect(io.survive).toBeUndefined();
  });
});
