/** A folder of apps, whose guests run on several threads, seen as one. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  startTestCollector,
  type TestCollector,
} from "../../runtime/telemetry/otlp/test-collector.ts";
import { askApp } from "../ask-app.ts";
import { freePort } from "../servers/server-process.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { wasmApp, WhorlProcess } from "../whorl-process.ts";

const command = fileURLToPath(new URL("../../bin/whorl.js", import.meta.url));
const stack = new AsyncDisposableStack();
let whorl: WhorlProcess;
let collector: TestCollector;
let metricsPort: number;
let runtimeFolder: string;

beforeAll(async () => {
  const hello = readFileSync(wasmApp("hello-rust/hello.wasm"));
  const folder = stack.use(new TemporaryFolder({ "one.wasm": hello, "two.wasm": hello }));
  collector = stack.use(await startTestCollector());
  runtimeFolder = stack.use(new TemporaryFolder({})).path;
  metricsPort = await freePort();
  const args = ["--quiet", "--metrics-listen", `127.0.0.1:${metricsPort}`, "--max-workers", "2"];
  whorl = stack.use(
    await WhorlProcess.up(`--dir=${folder.path}`, args, {
      XDG_RUNTIME_DIR: runtimeFolder,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    }),
  );
  for (let count = 0; count < 10; count++) {
    // A connection each: they go to different threads.
    await Promise.all(["one", "two", "one"].map((app) => askApp(whorl.port, app)));
  }
});
afterAll(() => stack.disposeAsync());

function start(...args: string[]): ReturnType<typeof spawn> & { stdout: NodeJS.ReadableStream } {
  // oxlint-disable-next-line node/no-process-env -- passed on as a shell would
  const env = { ...process.env, XDG_RUNTIME_DIR: runtimeFolder };
  return spawn(process.execPath, [command, ...args], { env, stdio: ["ignore", "pipe", "inherit"] });
}

test("Prometheus gets one count of all threads, by the names of the folder", async () => {
  let metrics = "";
  const counted = (app: string): string | undefined =>
    new RegExp(`^whorl_requests_total\\{app="${app}",.*status="200"\\} (\\d+)$`, "m").exec(
      metrics,
    )?.[1];
  const look = async (): Promise<readonly (string | undefined)[]> => {
    metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    return [counted("one"), counted("two")];
  };
  await expect.poll(look, { timeout: 60_000 }).toEqual(["20", "10"]);
  const memory = async (): Promise<string> => {
    await look();
    return metrics;
  };
  await expect
    .poll(memory, { timeout: 60_000 })
    .toMatch(/^whorl_guest_memory_bytes\{app="two",component="two"\} [1-9]/m);
});

test("whorl top has a row for each app, or the one that is named", async () => {
  const looks = ["--count", "1", "--interval", "0.1", "--output", "json"];
  const shown = async (...args: string[]): Promise<string[]> => {
    const top = start("top", ...args, ...looks);
    const [output] = await Promise.all([text(top.stdout), once(top, "exit")]);
    return (JSON.parse(output) as { rows: { app: string }[] }).rows.map(({ app }) => app);
  };
  expect((await shown()).toSorted()).toEqual(["one", "two"]);
  expect(await shown("two")).toEqual(["two"]);
});

test("whorl tail follows the requests of all threads, or of one app", async () => {
  const tail = start("tail", "two", "--count", "2", "--output", "json");
  const lines: string[] = [];
  createInterface(tail.stdout).on("line", (line) => void lines.push(line));
  const ended = once(tail, "exit");
  // Until it watches nothing is sent to it.
  while (lines.length < 2) {
    for (const app of ["one", "two"]) await askApp(whorl.port, app);
  }
  await ended;
  const apps = lines.map((line) => (JSON.parse(line) as { app: string }).app);
  expect(apps).toEqual(["two", "two"]);
});

test("what every thread has to tell is with the collector when the process ends", async () => {
  whorl.signal("SIGTERM");
  expect(await whorl.ended()).toBe(0);
  const exported = (signal: string): string =>
    collector.received
      .filter(({ path }) => path === `/v1/${signal}`)
      .map(({ body }) => body.toString())
      .join("\n");
  expect(exported("traces")).toContain('"name":"execute_wasm_component one"');
  expect(exported("traces")).toContain('"name":"execute_wasm_component two"');
  const instances = new Set(exported("metrics").match(/:\d+:\d+"/g));
  expect(instances.size).toBe(2);
});
