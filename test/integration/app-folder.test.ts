import { once } from "node:events";
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { askApp } from "../ask-app.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { buildTypescriptApp } from "../wasm-apps/build-typescript.ts";
import { wasmApp, WhorlProcess } from "../whorl-process.ts";

const hello = readFileSync(wasmApp("hello-rust/hello.wasm"));
const http = readFileSync(wasmApp("http-rust/http.wasm"));

/** A folder of apps, served; the path of the folder is `folder.path`. */
async function upFolder(
  files: Readonly<Record<string, string | Uint8Array>>,
  args: readonly string[] = [],
): Promise<{ readonly folder: TemporaryFolder; readonly whorl: WhorlProcess } & AsyncDisposable> {
  const folder = new TemporaryFolder(files);
  const whorl = await WhorlProcess.up(`--dir=${folder.path}`, args);
  return {
    folder,
    whorl,
    async [Symbol.asyncDispose]() {
      await whorl[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

test("up --dir serves each app under its name, over one connection too", async () => {
  const script = readFileSync(join(buildTypescriptApp(), "dist/hello.wasm"));
  await using served = await upFolder({ "one.wasm": hello, "two.wasm": http, "four.wasm": script });
  const { folder, whorl } = served;
  cpSync(wasmApp("http-rust"), folder.file("three"), {
    recursive: true,
    filter: (path) => !path.includes("/target"),
  });
  await whorl.output("stdout", /three: http/);
  using agent = new DisposableAgent();
  const answers: string[] = [];
  for (const app of ["one", "two", "three", "four", "one"]) {
    answers.push((await askApp(whorl.port, app, { agent })).text);
  }
  const [rust, typescript] = ["Hello from Whorl\n", "Hello from TypeScript on Whorl\n"];
  expect(answers).toEqual([rust, rust, rust, typescript, rust]);
  expect(await askApp(whorl.port, "five")).toMatchObject({
    ...{ status: 404, text: 'there is no app "five" here\n' },
  });
});

test("up --dir --port-per-app serves each app at its own address", async () => {
  await using served = await upFolder({ "one.wasm": hello, "two.wasm": http }, ["--port-per-app"]);
  const { whorl } = served;
  for (const app of ["one", "two"]) {
    const line = await whorl.output("stdout", new RegExp(`${app}: http://[\\d.:]+`));
    const response = await fetch(line.slice(line.indexOf("http")));
    expect([response.status, await response.text()]).toEqual([200, "Hello from Whorl\n"]);
  }
});

test("an app that breaks when it is loaded answers 503 and says why; the others live", async () => {
  await using served = await upFolder({
    "good.wasm": hello,
    "cut.wasm": hello.subarray(0, 1_000),
    "wrong/spin.toml": "spin_manifest_version = 7\n",
  });
  const { whorl, folder } = served;
  await whorl.output("stdout", /Prepared 2 apps/);
  expect(await askApp(whorl.port, "cut")).toMatchObject({
    status: 503,
    text: 'the app "cut" cannot be served (malformed); its log says why\n',
  });
  expect(whorl.stderr).toMatch(/error: cut: component "cut" .*malformed component/);
  expect(whorl.stderr).toMatch(/wrong is not served: .*spin\.toml:1/);
  expect(await askApp(whorl.port, "good")).toMatchObject({ status: 200 });
  // It is mended while it is served.
  writeFileSync(folder.file("whole.wasm"), hello);
  renameSync(folder.file("whole.wasm"), folder.file("cut.wasm"));
  await expect
    .poll(async () => (await askApp(whorl.port, "cut")).status, { timeout: 20_000 })
    .toBe(200);
});

test("apps that come, change and go while the folder is served", async () => {
  await using served = await upFolder({ "stays.wasm": hello, "changes.wasm": hello });
  const { whorl, folder } = served;
  const statusOf = async (app: string, path = "/"): Promise<number> =>
    (await askApp(whorl.port, app, { path })).status;
  expect([await statusOf("stays"), await statusOf("comes")]).toEqual([200, 404]);
  writeFileSync(folder.file("comes.wasm"), hello);
  await expect.poll(() => statusOf("comes"), { timeout: 20_000 }).toBe(200);
  writeFileSync(folder.file("next"), http);
  renameSync(folder.file("next"), folder.file("changes.wasm"));
  const read = async (): Promise<string> =>
    (await askApp(whorl.port, "changes", { path: "/request" })).text;
  await expect.poll(read, { timeout: 20_000 }).toMatch(/\/request/);
  rmSync(folder.file("comes.wasm"));
  await expect.poll(() => statusOf("comes"), { timeout: 20_000 }).toBe(404);
  expect(whorl.stdout).toMatch(/comes is gone/);
  expect(await statusOf("stays")).toBe(200);
});

test("a signal lets the request in flight finish, and ends with 0", async () => {
  await using served = await upFolder({ "slow.wasm": http });
  const { whorl } = served;
  const answer = askApp(whorl.port, "slow", { path: "/sleep?ms=700" });
  // Answered after the slow one was accepted.
  await askApp(whorl.port, "slow");
  whorl.signal("SIGTERM");
  await whorl.output("stderr", /finishing requests in flight/);
  expect(await answer).toMatchObject({ status: 200, text: "Slept 700 ms\n" });
  expect(await whorl.ended()).toBe(0);
});

test("10,000 connections that say nothing cost no worker anything", async () => {
  await using served = await upFolder({ "hello.wasm": hello }, ["--max-workers", "1"]);
  const { whorl } = served;
  await whorl.output("stdout", /Prepared 1 app/);
  const silent: Socket[] = [];
  for (let batch = 0; batch < 100; batch++) {
    const opened = Array.from({ length: 100 }, () => connect(whorl.port, "127.0.0.1"));
    await Promise.all(opened.map((socket) => once(socket, "connect")));
    silent.push(...opened);
  }
  for (let count = 0; count < 5; count++) {
    expect((await askApp(whorl.port, "hello")).text).toBe("Hello from Whorl\n");
  }
  expect(silent.filter(({ readyState }) => readyState === "open")).toHaveLength(10_000);
  for (const socket of silent) socket.destroy();
  expect(whorl.stderr).toBe("");
});

test("a folder that is not there is said at once", async () => {
  await expect(WhorlProcess.up("--dir=/nowhere/at/all")).rejects.toThrow(/\/nowhere\/at\/all/);
});

class DisposableAgent extends Agent implements Disposable {
  constructor() {
    super({ keepAlive: true, maxSockets: 1 });
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}
