import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { whorl } from "../../proto/gen/wire.js";
import { parseStartRecord, writeWasmRecord } from "../../shim/front/bundle.ts";
import { cgroupFolders } from "../../shim/front/cgroup.ts";
import { LoneFront, untilEnded } from "./lone-front.ts";
import { patience } from "./test-node.ts";

let front: LoneFront;

beforeEach(() => {
  front = new LoneFront();
});

afterEach(() => front[Symbol.asyncDispose]());

test("many at once start one front, and all print its socket", async () => {
  const names = Array.from({ length: 12 }, (_each, index) => `c${index}`);
  const outcomes = await Promise.all(names.map((name) => front.start(name)));
  const address = `unix://${front.socket}`;
  expect(outcomes.map(({ stdout }) => stdout.toString())).toEqual(names.map(() => address));
  expect(outcomes.map(({ stderr }) => stderr).join("")).toBe("");
  // The socket is there before the line is.
  const starts = (): readonly string[] => front.log.match(/front serves in/g) ?? [];
  await expect.poll(starts, patience).toHaveLength(1);
});

test("what containerd said is kept in the bundle", async () => {
  await front.start("c");
  const bundle = front.bundle("c");
  const record = parseStartRecord(readFileSync(join(bundle, "whorl.start"), "utf8"));
  expect(record).toMatchObject({ namespace: "ns", id: "c", address: "/a", ttrpcAddress: "/t" });
  expect(readFileSync(join(bundle, "whorl.stdin"), "utf8")).toBe("what containerd says");
});

test("containerd from 2.4 on, which cleans up after each container, is answered in version 3", async () => {
  const { BootstrapParams, BootstrapResult } = whorl.bootstrap;
  const address = `unix://${front.socket}`;
  const known = { instanceId: "c", namespace: "ns", logLevel: -4, containerdBinary: "/c" };
  const answered = async (containerdVersion: string): Promise<string> => {
    const input = BootstrapParams.encode({ ...known, containerdVersion }).finish();
    const { stdout, stderr } = await front.start("c", { input });
    expect(stderr).toBe("");
    expect(readFileSync(join(front.bundle("c"), "whorl.stdin"))).toEqual(Buffer.from(input));
    return stdout.toString();
  };
  const three = BootstrapResult.encode({ version: 3, address, protocol: "ttrpc" }).finish();
  for (const release of ["2.4.2", "v2.4.0+unknown", "v2.10.0", "3.0.1"]) {
    expect(await answered(release), release).toBe(Buffer.from(three).toString());
  }
  for (const release of ["2.4.0-rc.1", "v2.3.7", ""]) {
    expect(await answered(release), release).toBe(address);
  }
  // A front of an earlier version, which cannot deal with it.
  rmSync(join(front.runFolder, "front.joins"));
  expect(await answered("2.4.2")).toBe(address);
});

test("a front that was killed is replaced", async () => {
  await front.start("a");
  const before = front.pid;
  if (before === undefined) throw new Error("there is no front");
  process.kill(before, "SIGKILL");
  await untilEnded(before);
  expect((await front.start("b")).status).toBe(0);
  expect(front.pid).not.toBe(before);
});

test("a front that cannot be started is an error that says so", async () => {
  const { status, stderr } = await front.start("c", { node: "/no/such/node" });
  expect(status).toBe(1);
  expect(stderr).toContain("the front process does not start");
});

test("a deleted container needs no clean-up", async () => {
  const bundle = front.bundle("c");
  const { stdout } = await front.run(bundle, ["-id", "c", "-bundle", bundle, "delete"]);
  expect(whorl.task.DeleteResponse.decode(stdout)).toMatchObject({ exitStatus: 137 });
});

test("a container whose front is gone is cleaned up by delete alone", async () => {
  const bundle = front.bundle("c");
  writeFileSync(join(bundle, "whorl.start"), "namespace=ns\nid=c\n");
  writeFileSync(join(bundle, "config.json"), "{}");
  const args = ["-id", "c", "-bundle", bundle, "delete"];
  const { status, stdout, stderr } = await front.run(bundle, args);
  expect(stderr).toContain("the front does not answer");
  expect(status).toBe(0);
  expect(whorl.task.DeleteResponse.decode(stdout)).toMatchObject({ exitStatus: 137 });
  expect(existsSync(join(bundle, "whorl.start"))).toBe(false);
});

test("a Wasm container whose front is gone is cleaned up without Node", async () => {
  const bundle = front.bundle("c");
  const { pid = 0 } = spawn("sleep", ["1000"], { stdio: "ignore" });
  const folders = cgroupFolders(`/whorl-start-test-${process.pid}`);
  for (const folder of folders) {
    mkdirSync(folder);
    writeFileSync(join(folder, "cgroup.procs"), String(pid));
  }
  writeFileSync(join(bundle, "whorl.start"), "namespace=ns\nid=c\n");
  // Another process than the one that has this number now.
  writeWasmRecord(bundle, `${process.pid} 7`, folders);
  const args = ["-id", "c", "-bundle", bundle, "delete"];
  const { status, stdout, stderr } = await front.run(bundle, args, { node: "/no/such/node" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const { exitStatus, exitedAt } = whorl.task.DeleteResponse.decode(stdout);
  expect(exitStatus).toBe(137);
  expect(Math.abs(Number(exitedAt?.seconds) - Date.now() / 1000)).toBeLessThan(60);
  expect(folders.filter((folder) => existsSync(folder))).toEqual([]);
  await untilEnded(pid);
});

test("containerd is told the name when it asks for features", async () => {
  const { stdout } = await front.run(front.bundle("c"), ["-info"]);
  expect(stdout.toString()).toContain("io.containerd.whorl.v1");
});
