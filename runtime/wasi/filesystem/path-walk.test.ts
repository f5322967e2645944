import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, test } from "vitest";
import { err } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import { PathWalk } from "./path-walk.ts";
import {
  follow,
  noOpenFlags,
  readFlags,
  SandboxFixture,
  stay,
  writeFlags,
} from "./sandbox-fixture.ts";

let box: SandboxFixture;
let openBefore: number;

function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

beforeEach(() => {
  openBefore = openDescriptors();
  box = new SandboxFixture();
});

afterEach(() => {
  box[Symbol.dispose]();
  // After each test of this file: whatever happened, nothing stays open.
  if (openDescriptors() !== openBefore) throw new Error("file descriptors were left open");
});

function tagOf(answer: unknown): string {
  const { tag, val } = answer as { tag: string; val: string };
  return tag === "err" ? val : tag;
}

function tryOpen(path: string, pathFlags = follow): string {
  try {
    const answer = box.call("open-at", box.root, pathFlags, path, noOpenFlags, readFlags);
    if (tagOf(answer) === "ok") (answer as { val: Disposer }).val.dispose();
    return tagOf(answer);
  } catch (error) {
    return `trap: ${String(error)}`;
  }
}

interface Disposer {
  dispose(): void;
}

test.each([
  ["file", "ok"],
  ["./file", "ok"],
  ["dir/nested", "ok"],
  ["dir//nested", "ok"],
  ["dir/./deep/../nested", "ok"],
  ["dir/deep/../../file", "ok"],
  ["to-file", "ok"],
  ["to-dir/nested", "ok"],
  ["to-dir/deep/../nested", "ok"],
  [".", "ok"],
  ["./", "ok"],
  ["dir/..", "ok"],
  ["dir/", "ok"],
  ["to-dir/", "ok"],
  ["", "no-entry"],
  ["missing", "no-entry"],
  ["missing/..", "no-entry"],
  ["dangling", "no-entry"],
  ["dangling/x", "no-entry"],
  ["file/", "not-directory"],
  ["file/.", "not-directory"],
  ["file/x", "not-directory"],
  ["file/..", "not-directory"],
  ["to-file/", "not-directory"],
  ["to-file/..", "not-directory"],
  ["nul\0byte", "invalid"],
  ["x".repeat(256), "name-too-long"],
  ["x/".repeat(limits.pathBytesMax), "name-too-long"],
  ["ä".repeat(limits.pathBytesMax / 2 + 1), "name-too-long"],
  [`${"./".repeat(2000)}file`, "ok"],
  [`${"dir/../".repeat(500)}file`, "ok"],
])("path %#: %.40s", (path, expected) => {
  expect(tryOpen(path)).toBe(expected);
});

test.each([
  ["an absolute path", "/etc/passwd"],
  ["the root", "/"],
  ["two slashes", "//etc/passwd"],
  ["the parent", ".."],
  ["the parent with a slash", "../"],
  ["a file of the parent", "../secret"],
  ["out and in again", "../inside/file"],
  ["up after down", "dir/../../secret"],
  ["up through a link", "to-dir/../../secret"],
  ["many steps up", `${"../".repeat(50)}etc/passwd`],
  ["a link to an absolute path", "absolute"],
  ["a link to an absolute path inside", "absolute-inside"],
  ["a directory link to an absolute path", "absolute-dir/secret"],
  ["a link to the parent", "parent/secret"],
  ["a link to the parent alone", "parent"],
  ["a link out and in again", "out-and-in"],
  ["a link deep below that climbs too far", "dir/deep/climb"],
  ["a link to a link that leaves", "chain"],
  ["a slash after a link that leaves", "parent/"],
  ["a link to the process's own root", "proc"],
])("%s is not permitted", (_name, path) => {
  box.link(join(box.outside, "secret"), "absolute");
  box.link(join(box.inside, "file"), "absolute-inside");
  box.link(box.outside, "absolute-dir");
  box.link("..", "parent");
  box.link("../inside/file", "out-and-in");
  box.link("../../../secret", "dir/deep/climb");
  box.link("parent/secret", "chain");
  box.link("/proc/self/root/etc/passwd", "proc");
  expect(tryOpen(path)).toBe("not-permitted");
  expect(box.call("stat-at", box.root, follow, path)).toEqual(err("not-permitted"));
  expect(box.call("metadata-hash-at", box.root, follow, path)).toEqual(err("not-permitted"));
});

test.each([
  ["create-directory-at", ["../new"]],
  ["create-directory-at", ["parent/new"]],
  ["remove-directory-at", ["../inside"]],
  ["unlink-file-at", ["../secret"]],
  ["unlink-file-at", ["parent/secret"]],
  ["readlink-at", ["parent/inside/to-file"]],
  ["symlink-at", ["file", "parent/new"]],
  ["symlink-at", ["/etc/passwd", "new"]],
  ["set-times-at", [follow, "parent/secret", { tag: "now" }, { tag: "now" }]],
  ["open-at", [follow, "parent/new", { ...noOpenFlags, create: true }, writeFlags]],
  ["open-at", [follow, "new-outside", { ...noOpenFlags, create: true }, writeFlags]],
  ["open-at", [follow, "parent/secret", { ...noOpenFlags, truncate: true }, writeFlags]],
])("%s %j does not reach outside", (name, values) => {
  box.link("..", "parent");
  box.link("../new", "new-outside");
  expect(box.call(name, box.root, ...values)).toEqual(err("not-permitted"));
  expect(readFileSync(join(box.outside, "secret"), "utf8")).toBe("secret");
  expect(readdirSync(box.outside).toSorted()).toEqual(["inside", "secret"]);
});

test.each([
  ["rename-at", ["../secret"], ["stolen"]],
  ["rename-at", ["file"], ["../file"]],
  ["rename-at", ["file"], ["parent/file"]],
  ["link-at", [stay, "../secret"], ["stolen"]],
  ["link-at", [follow, "leak"], ["stolen"]],
  ["link-at", [stay, "file"], ["parent/file"]],
])("%s %j to %j does not reach outside", (name, from, to) => {
  box.link("..", "parent");
  box.link("../secret", "leak");
  expect(box.call(name, box.root, ...from, box.root, ...to)).toEqual(err("not-permitted"));
  expect(readdirSync(box.outside).toSorted()).toEqual(["inside", "secret"]);
});

test("operations on names take links themselves, wherever they point", () => {
  box.link("../secret", "leak");
  expect(tryOpen("leak", stay)).toBe("loop");
  expect(box.call("stat-at", box.root, stay, "leak")).toMatchObject({
    val: { type: "symbolic-link" },
  });
  expect(tagOf(box.call("rename-at", box.root, "leak", box.root, "dir/moved"))).toBe("ok");
  expect(tagOf(box.call("unlink-file-at", box.root, "dir/moved"))).toBe("ok");
  expect(readFileSync(join(box.outside, "secret"), "utf8")).toBe("secret");
});

test("creating through a dangling link stays inside, and exclusive creation does not follow", () => {
  const create = { ...noOpenFlags, create: true };
  const exclusive = { ...create, exclusive: true };
  expect(box.call("open-at", box.root, follow, "dangling", exclusive, writeFlags)).toEqual(
    err("exist"),
  );
  box.open("dangling", { create: true, write: true }).dispose();
  expect(lstatSync(join(box.inside, "nowhere")).isFile()).toBe(true);
});

test("links that lead round in circles end", () => {
  box.link("round", "round");
  box.link("dir/../pong", "ping");
  box.link("ping", "pong");
  expect(tryOpen("round")).toBe("loop");
  expect(tryOpen("ping/x")).toBe("loop");
  expect(box.call("stat-at", box.root, follow, "ping")).toEqual(err("loop"));
  expect(box.call("stat-at", box.root, stay, "ping/")).toEqual(err("loop"));
});

test.each([
  [limits.symlinksMax, "ok"],
  [limits.symlinksMax + 1, "loop"],
])("a chain of %i links", (length, expected) => {
  box.link("file", "link-1");
  for (let index = 2; index <= length; index += 1) box.link(`link-${index - 1}`, `link-${index}`);
  expect(tryOpen(`link-${length}`)).toBe(expected);
});

test.each([
  [limits.pathDepthMax, "no-entry"],
  [limits.pathDepthMax + 1, "name-too-long"],
])("a path %i directories deep", (depth, expected) => {
  mkdirSync(join(box.inside, "d/".repeat(depth)), { recursive: true });
  expect(tryOpen(`${"d/".repeat(depth)}missing`)).toBe(expected);
});

test("a directory opened by the guest is a root of its own", () => {
  const directory = box.open("dir", { directory: true });
  expect(box.call("stat-at", directory, follow, "../file")).toEqual(err("not-permitted"));
  expect(tagOf(box.call("stat-at", directory, follow, "nested"))).toBe("ok");
  directory.dispose();
});

test("a directory swapped for a link after it was entered does not matter", () => {
  const rootFd = openSync(box.inside, constants.O_RDONLY);
  const walk = new PathWalk(rootFd, "dir/nested", "entry");
  renameSync(join(box.inside, "dir"), join(box.inside, "aside"));
  symlinkSync(box.outside, join(box.inside, "dir"));
  expect(readFileSync(walk.place, "utf8")).toBe("nested");
  walk[Symbol.dispose]();
  closeSync(rootFd);
});

test("a directory moved outside after it was entered gives no way up", () => {
  const rootFd = openSync(join(box.inside, "dir"), constants.O_RDONLY);
  renameSync(join(box.inside, "dir"), join(box.outside, "moved"));
  expect(() => new PathWalk(rootFd, "deep/../../secret", "follow")).toThrow(/EPERM/);
  closeSync(rootFd);
});

/** Swaps `inside/swap` between a directory and a link to the outside as fast as it can. */
const swapper = `
  const { renameSync, symlinkSync, mkdirSync, writeFileSync } = require("node:fs");
  const { workerData, parentPort } = require("node:worker_threads");
  const { inside, outside, stop } = workerData;
  const flag = new Int32Array(stop);
  mkdirSync(inside + "/real");
  writeFileSync(inside + "/real/secret", "inside");
  symlinkSync(outside, inside + "/escape");
  symlinkSync("../secret", inside + "/file-escape");
  writeFileSync(inside + "/file-real", "inside");
  parentPort.postMessage("ready");
  while (Atomics.load(flag, 0) === 0) {
    renameSync(inside + "/real", inside + "/swap");
    renameSync(inside + "/swap", inside + "/real");
    renameSync(inside + "/escape", inside + "/swap");
    renameSync(inside + "/swap", inside + "/escape");
    renameSync(inside + "/file-real", inside + "/swap-file");
    renameSync(inside + "/swap-file", inside + "/file-real");
    renameSync(inside + "/file-escape", inside + "/swap-file");
    renameSync(inside + "/swap-file", inside + "/file-escape");
  }
`;

test("a name that changes between directory and link all the time never lets the guest out", async () => {
  const stop = new SharedArrayBuffer(4);
  const worker = new Worker(swapper, {
    eval: true,
    workerData: { inside: box.inside, outside: box.outside, stop },
  });
  const exited = new Promise((resolve) => worker.once("exit", resolve));
  await new Promise((resolve) => worker.once("message", resolve));
  const seen = new Set<string>();
  // Goes on until the swaps have shown themselves.
  for (let round = 0; round < 2000 || seen.size < 2; round += 1) {
    for (const path of ["swap/secret", "swap-file"]) {
      const answer = box.call("open-at", box.root, follow, path, noOpenFlags, readFlags);
      const { val } = answer as { val: Disposer | string };
      if (typeof val === "string") seen.add(val);
      else {
        const [bytes] = (box.call("read", val, 100n, 0n) as { val: [Buffer, boolean] }).val;
        seen.add(bytes.toString());
        val.dispose();
      }
    }
  }
  Atomics.store(new Int32Array(stop), 0, 1);
  await exited;
  expect(seen).not.toContain("secret");
});

test("a pipe without a writer does not stop the thread", () => {
  execFileSync("mkfifo", [join(box.inside, "pipe")]);
  const pipe = box.open("pipe");
  expect(box.call("get-type", pipe)).toEqual({ tag: "ok", val: "fifo" });
  pipe.dispose();
  expect(() => box.open("pipe", { write: true, read: false })).toThrow("no-such-device");
});

test("the number of open files is bounded, and closing gives back", () => {
  const opened = [];
  writeFileSync(join(box.inside, "many"), "");
  // The root counts, too.
  for (let index = 1; index < limits.openFilesMax; index += 1) opened.push(box.open("many"));
  expect(() => box.open("many")).toThrow("insufficient-memory");
  opened.pop()?.dispose();
  opened.push(box.open("many"));
  for (const descriptor of opened) descriptor.dispose();
});
