import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
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
  await using served = await upFolder({ "one.wasm": hello, "two.wasm": http });
  const { folder, whorl } = served;
  cpSync(wasmApp("http-rust"), folder.file("three"), {
    recursive: true,
    filter: (path) => !path.includes("/target"),
  });
  const typescript = buildTypescriptApp();
  cpSync(typescript, folder.file("four"), { recursive: true });
  await whorl.output("stdout", /three: http/);
  await whorl.output("stdout", /four: http/);
  using agent = new DisposableAgent();
  const answers: string[] = [];
  for (const app of ["one", "two", "three", "four", "one"]) {
    answers.push((await askApp(whorl.port, app, { agent })).text);
  }
  const [rust, script] = ["Hello from Whorl\n", "Hello from TypeScript on Whorl\n"];
  expect(answers).toEqual([rust, rust, rust, script, rust]);
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
  await askApp(whorl.port, "slow");
  const answer = askApp(whorl.port, "slow", { path: "/sleep?700" });
  await expect.poll(() => answerBegan(whorl)).toBe(true);
  whorl.signal("SIGTERM");
  expect((await answer).status).toBe(200);
  expect(await whorl.ended()).toBe(0);
});

test("a folder that is not there is said at once", async () => {
  await expect(WhorlProcess.up("--dir=/nowhere/at/all")).rejects.toThrow(/\/nowhere\/at\/all/);
});

/** Whether the server has a connection besides the one it listens on. */
function answerBegan({ port }: WhorlProcess): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const established = new RegExp(`^ *\\d+: 0100007F:${hex} 0100007F:\\w+ 01 `, "m");
  return established.test(readFileSync("/proc/net/tcp", "utf8"));
}

class DisposableAgent extends Agent implements Disposable {
  constructor() {
    super({ keepAlive: true, maxSockets: 1 });
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}
