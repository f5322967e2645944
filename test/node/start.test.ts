import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { whorl } from "../../proto/gen/wire.js";
import { parseStartRecord } from "../../shim/front/bundle.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { patience } from "./test-node.ts";

const shim = fileURLToPath(new URL("../../shim/bin/containerd-shim-whorl-v1", import.meta.url));

let folder: TemporaryFolder;

beforeEach(() => {
  folder = new TemporaryFolder({});
});

afterEach(async () => {
  const pid = frontPid();
  if (pid !== undefined) {
    process.kill(pid, "SIGTERM");
    await untilEnded(pid);
  }
  folder[Symbol.dispose]();
});

async function untilEnded(pid: number): Promise<void> {
  await vi.waitFor(() => {
    if (existsSync(`/proc/${pid}`)) throw new Error(`process ${pid} does not end`);
  }, patience);
}

function frontPid(): number | undefined {
  const file = folder.file("run/front.pid");
  return existsSync(file) ? Number(readFileSync(file, "utf8").split(" ")[0]) : undefined;
}

function bundle(name: string): string {
  const path = folder.file(name);
  mkdirSync(path, { recursive: true });
  return path;
}

interface Ran {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

function run(directory: string, args: readonly string[], node = process.execPath): Promise<Ran> {
  const child: ChildProcess = spawn(shim, args, {
    cwd: directory,
    env: {
      PATH: "/usr/bin:/bin",
      TTRPC_ADDRESS: "/t",
      WHORL_RUN_DIR: folder.file("run"),
      WHORL_NODE: node,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // delete ends without having read it.
  child.stdin?.on("error", () => undefined).end("what containerd says");
  const stdout: Buffer[] = [];
  let stderr = "";
  child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => {
    child.on("close", (status) => resolve({ status, stdout: Buffer.concat(stdout), stderr }));
  });
}

function start(name: string, node?: string): Promise<Ran> {
  const args = [
    "-namespace",
    "ns",
    "-address",
    "/a",
    "-publish-binary",
    "/c",
    "-id",
    name,
    "start",
  ];
  return run(bundle(name), args, node);
}

test("many at once start one front, and all print its socket", async () => {
  const names = Array.from({ length: 12 }, (_each, index) => `c${index}`);
  const outcomes = await Promise.all(names.map((name) => start(name)));
  const address = `unix://${folder.file("run/front.sock")}`;
  expect(outcomes.map(({ stdout }) => stdout.toString())).toEqual(names.map(() => address));
  expect(outcomes.map(({ stderr }) => stderr).join("")).toBe("");
  // The socket is there before the line is.
  const starts = (): readonly string[] =>
    readFileSync(folder.file("run/front.log"), "utf8").match(/front serves in/g) ?? [];
  await expect.poll(starts).toHaveLength(1);
});

test("what containerd said is kept in the bundle", async () => {
  await start("c");
  const record = parseStartRecord(readFileSync(folder.file("c/whorl.start"), "utf8"));
  expect(record).toMatchObject({ namespace: "ns", id: "c", address: "/a", ttrpcAddress: "/t" });
  expect(readFileSync(folder.file("c/whorl.stdin"), "utf8")).toBe("what containerd says");
});

test("a front that was killed is replaced", async () => {
  await start("a");
  const before = frontPid();
  if (before === undefined) throw new Error("there is no front");
  process.kill(before, "SIGKILL");
  await untilEnded(before);
  expect((await start("b")).status).toBe(0);
  expect(frontPid()).not.toBe(before);
});

test("a front that cannot be started is an error that says so", async () => {
  const { status, stderr } = await start("c", "/no/such/node");
  expect(status).toBe(1);
  expect(stderr).toContain("the front process does not start");
});

test("a deleted container needs no clean-up", async () => {
  const { stdout } = await run(bundle("c"), ["-id", "c", "-bundle", folder.file("c"), "delete"]);
  expect(whorl.task.DeleteResponse.decode(stdout)).toMatchObject({ exitStatus: 137 });
});

test("a container whose front is gone is cleaned up by delete alone", async () => {
  const path = bundle("c");
  writeFileSync(join(path, "whorl.start"), "namespace=ns\nid=c\n");
  writeFileSync(join(path, "config.json"), "{}");
  const { status, stdout, stderr } = await run(path, ["-id", "c", "-bundle", path, "delete"]);
  expect(stderr).toContain("the front does not answer");
  expect(status).toBe(0);
  expect(whorl.task.DeleteResponse.decode(stdout)).toMatchObject({ exitStatus: 137 });
  expect(existsSync(join(path, "whorl.start"))).toBe(false);
});

test("containerd is told the name when it asks for features", async () => {
  const { stdout } = await run(bundle("c"), ["-info"]);
  expect(stdout.toString()).toContain("io.containerd.whorl.v1");
});
