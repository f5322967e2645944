import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { wasmApp } from "../../test/whorl-process.ts";
import { runCommand } from "../build/command-run.ts";
import { startWithEngine } from "../up/start-with-engine.ts";
import { watchCommand } from "./watch-command.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "whorl-test-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const manifest = `spin_manifest_version = 2
[application]
name = "x"
[[trigger.http]]
route = "/..."
component = "a"
[component.a]
source = "a.wasm"
build = { command = "cp $(cat which.txt) a.wasm", watch = ["which.txt"] }
`;

test("whorl watch drops no request while it goes on with another version", async () => {
  copyFileSync(wasmApp("hello-rust/hello.wasm"), join(directory, "hello.wasm"));
  copyFileSync(wasmApp("http-rust/http.wasm"), join(directory, "http.wasm"));
  writeFileSync(join(directory, "which.txt"), "hello.wasm");
  writeFileSync(join(directory, "spin.toml"), manifest);
  const run = runCommand(
    (dependencies) => watchCommand(dependencies, startWithEngine("1.2.3")),
    ["--listen", "127.0.0.1:0"],
    { directory, environment: env },
  );
  const told = (): string => run.io.written.stdout + run.io.written.stderr;
  const patience = { timeout: 60_000 };
  await expect.poll(told, patience).toMatch(/Serving http:/);
  const [url = ""] = /http:[^\s]+/.exec(told()) ?? [];
  // Both answer here, only one of them on /status.
  const statuses = new Map<number, number>();
  let isAsking = true;
  const asking = (async () => {
    while (isAsking) {
      const { status } = await fetch(url);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  })();
  const isSecond = async (): Promise<string> =>
    await (await fetch(`${url}/status?code=201`)).text();
  const before = await isSecond();
  for (const [version, expected] of [
    ["http.wasm", expect.not.stringContaining(before)],
    ["hello.wasm", before],
    ["http.wasm", expect.not.stringContaining(before)],
  ]) {
    writeFileSync(join(directory, "which.txt"), String(version));
    await expect.poll(isSecond, patience).toEqual(expected);
  }
  writeFileSync(join(directory, "which.txt"), "absent.wasm");
  await expect.poll(told, patience).toContain("The version before is still served");
  isAsking = false;
  await asking;
  expect([...statuses.keys()]).toEqual([200]);
  run.io.send("SIGTERM");
  expect(await run.exitCode).toBe(0);
});
