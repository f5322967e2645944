import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { err, ok } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import { closedContext } from "../io/closed-context.ts";
import { IoError, StreamFailure } from "../io/streams.ts";
import type { InputStream, OutputStream } from "../io/streams.ts";
import type { Descriptor } from "./descriptor.ts";
import type { DirectoryEntries, DirectoryEntry } from "./directory-entries.ts";
import { FileFailure } from "./error-code.ts";
import { preopens } from "./preopens.ts";
import {
  follow,
  noOpenFlags,
  readFlags,
  SandboxFixture,
  stay,
  writeFlags,
} from "./sandbox-fixture.ts";
import { types } from "./types.ts";

let box: SandboxFixture;
const done = ok(undefined);
const create = { ...noOpenFlags, create: true };

beforeEach(() => {
  box = new SandboxFixture();
});

afterEach(() => {
  box[Symbol.dispose]();
});

function content(path: string): string {
  return readFileSync(join(box.inside, path), "utf8");
}

function valueOf<T>(answer: unknown): T {
  expect(answer).toMatchObject({ tag: "ok" });
  return (answer as { val: T }).val;
}

test("preopens have the guest's names and are opened when used", () => {
  const context: WasiContext = closedContext({
    filesystem: {
      preopens: [{ hostPath: join(box.outside, "absent"), guestPath: "/data", writable: true }],
    },
  });
  const directories = preopens.functions["get-directories"]?.(context);
  const [[absent, name]] = directories as [[Descriptor, string]];
  expect(name).toBe("/data");
  expect(types.functions["[method]descriptor.stat"]?.(context, absent)).toEqual(err("no-entry"));
  expect(box.call("is-same-object", absent, box.root)).toBe(false);
  absent.dispose();
});

test("read: bytes at an offset, the end, and beyond", () => {
  const file = box.open("file");
  expect(box.call("read", file, 2n, 1n)).toEqual(ok([Buffer.from("el"), false]));
  expect(box.call("read", file, 100n, 3n)).toEqual(ok([Buffer.from("lo"), false]));
  expect(box.call("read", file, 100n, 5n)).toEqual(ok([Buffer.alloc(0), true]));
  expect(box.call("read", file, 100n, 1n << 60n)).toEqual(ok([Buffer.alloc(0), true]));
  expect(box.call("read", file, 0n, 0n)).toEqual(ok([Buffer.alloc(0), false]));
  expect(box.call("read", file, 1n, (1n << 64n) - 1n)).toEqual(err("invalid"));
  file.dispose();
});

test("write: at an offset, past the end, and sizes", () => {
  const file = box.open("new", { create: true, write: true });
  expect(box.call("write", file, Buffer.from("abc"), 0n)).toEqual(ok(3n));
  expect(box.call("write", file, Buffer.from("x"), 5n)).toEqual(ok(1n));
  expect(content("new")).toBe("abc\0\0x");
  expect(box.call("set-size", file, 2n)).toEqual(done);
  expect(content("new")).toBe("ab");
  expect(box.call("set-size", file, (1n << 64n) - 1n)).toEqual(err("invalid"));
  expect(box.call("write", file, Buffer.from("x"), 1n << 60n)).toEqual(err("file-too-large"));
  file.dispose();
});

test("a file opened for reading is not written", () => {
  const file = box.open("file");
  expect(box.call("write", file, Buffer.from("x"), 0n)).toEqual(err("bad-descriptor"));
  expect(box.call("set-size", file, 0n)).toEqual(err("bad-descriptor"));
  expect(box.call("write-via-stream", file, 0n)).toEqual(err("bad-descriptor"));
  expect(box.call("append-via-stream", file)).toEqual(err("bad-descriptor"));
  file.dispose();
});

test("streams outlive the descriptor and keep their own place", () => {
  const file = box.open("file", { write: true });
  const input = valueOf<InputStream>(box.call("read-via-stream", file, 1n));
  const output = valueOf<OutputStream>(box.call("write-via-stream", file, 4n));
  const appender = valueOf<OutputStream>(box.call("append-via-stream", file));
  file.dispose();
  expect(Buffer.from(input.read(2)).toString()).toBe("el");
  output.write(Buffer.from("0 wor"));
  appender.write(Buffer.from("ld"));
  expect(content("file")).toBe("hell0 world");
  expect(Buffer.from(input.read(100)).toString()).toBe("l0 world");
  expect(() => input.read(1)).toThrow(StreamFailure);
  for (const stream of [input, output, appender]) stream.dispose();
});

test("a stream's failure tells its error-code, and the stream is closed", () => {
  const file = box.open("new", { create: true, write: true, read: false });
  const input = valueOf<InputStream>(box.call("read-via-stream", file, 0n));
  let failure: unknown;
  try {
    input.read(1);
  } catch (error) {
    failure = error;
  }
  const { error } = failure as StreamFailure;
  expect(error.tag).toBe("last-operation-failed");
  expect(box.call("filesystem-error-code", error.val)).toBe("bad-descriptor");
  expect(() => input.read(1)).toThrow("stream closed");
  input.dispose();
  file.dispose();
});

test.each([
  ["a plain error", new Error("boom"), undefined],
  ["nothing", undefined, undefined],
  ["ours", new FileFailure("ELOOP", "round and round"), "loop"],
  [
    "an errno unknown to WASI",
    Object.assign(new Error("?"), { syscall: "open", code: "EHWPOISON" }),
    "io",
  ],
])("filesystem-error-code of %s", (_name, cause, expected) => {
  expect(box.call("filesystem-error-code", new IoError(cause))).toBe(expected);
});

test.each([
  ["file", follow, "regular-file"],
  ["dir", follow, "directory"],
  ["to-file", follow, "regular-file"],
  ["to-file", stay, "symbolic-link"],
  ["to-dir", stay, "symbolic-link"],
  ["to-dir/", stay, "directory"],
  [".", stay, "directory"],
])("stat-at %s %j is a %s", (path, flags, type) => {
  expect(box.call("stat-at", box.root, flags, path)).toMatchObject({ val: { type } });
});

test("stat shows size, links and times", () => {
  const file = box.open("file");
  const host = statSync(join(box.inside, "file"), { bigint: true });
  expect(box.call("stat", file)).toEqual(
    ok({
      type: "regular-file",
      linkCount: 1n,
      size: 5n,
      dataAccessTimestamp: time(host.atimeNs),
      dataModificationTimestamp: time(host.mtimeNs),
      statusChangeTimestamp: time(host.ctimeNs),
    }),
  );
  expect(box.call("get-type", file)).toEqual(ok("regular-file"));
  expect(box.call("get-type", box.root)).toEqual(ok("directory"));
  file.dispose();
});

function time(ns: bigint): { seconds: bigint; nanoseconds: number } {
  return { seconds: ns / 1_000_000_000n, nanoseconds: Number(ns % 1_000_000_000n) };
}

const noChange = { tag: "no-change" };
const at = (seconds: bigint): object => ({
  tag: "timestamp",
  val: { seconds, nanoseconds: 500_000_000 },
});

test("times are set on descriptors and paths", () => {
  const file = box.open("file");
  expect(box.call("set-times", file, at(100n), at(200n))).toEqual(done);
  expect(statSync(join(box.inside, "file"))).toMatchObject({ atimeMs: 100_500, mtimeMs: 200_500 });
  expect(box.call("set-times-at", box.root, follow, "to-file", noChange, at(300n))).toEqual(done);
  expect(statSync(join(box.inside, "file"))).toMatchObject({ atimeMs: 100_500, mtimeMs: 300_500 });
  expect(box.call("set-times", file, noChange, noChange)).toEqual(done);
  expect(box.call("set-times", file, at(1n << 63n), noChange)).toEqual(err("overflow"));
  expect(box.call("set-times", file, { tag: "now" }, noChange)).toEqual(done);
  expect(statSync(join(box.inside, "file")).atimeMs).toBeGreaterThan(1_700_000_000_000);
  expect(box.call("set-times-at", box.root, stay, "to-file", at(5n), at(6n))).toEqual(done);
  expect(statSync(join(box.inside, "file")).mtimeMs).toBe(300_500);
  file.dispose();
});

test("directories list their entries without dots", () => {
  const entries = valueOf<DirectoryEntries>(box.call("read-directory", box.root));
  const read: DirectoryEntry[] = [];
  const next = (): DirectoryEntry | undefined =>
    valueOf(box.call("[method]directory-entry-stream.read-directory-entry", entries));
  for (let entry = next(); entry !== undefined; entry = next()) read.push(entry);
  types.resources["directory-entry-stream"]?.drop?.(box.context, entries);
  expect(read.toSorted((one, two) => one.name.localeCompare(two.name))).toEqual([
    { type: "symbolic-link", name: "dangling" },
    { type: "directory", name: "dir" },
    { type: "regular-file", name: "file" },
    { type: "symbolic-link", name: "to-dir" },
    { type: "symbolic-link", name: "to-file" },
  ]);
});

test("a name that is not UTF-8 is an error for itself only", () => {
  mkdirSync(join(box.inside, "names"));
  writeFileSync(Buffer.from(`${box.inside}/names/\xff`, "latin1"), "");
  const directory = box.open("names");
  const entries = valueOf<DirectoryEntries>(box.call("read-directory", directory));
  const name = "[method]directory-entry-stream.read-directory-entry";
  expect(box.call(name, entries)).toEqual(err("illegal-byte-sequence"));
  expect(box.call(name, entries)).toEqual(done);
  entries.dispose();
  directory.dispose();
});

test.each([
  ["a file", "file", noOpenFlags, readFlags, "ok"],
  ["a directory without saying so", "dir", noOpenFlags, readFlags, "ok"],
  ["a directory", "dir", { ...noOpenFlags, directory: true }, readFlags, "ok"],
  ["a directory through a link", "to-dir", { ...noOpenFlags, directory: true }, readFlags, "ok"],
  ["a file as directory", "file", { ...noOpenFlags, directory: true }, readFlags, "not-directory"],
  ["a directory for writing", "dir", noOpenFlags, writeFlags, "is-directory"],
  ["a new file", "new", create, writeFlags, "ok"],
  ["an old file with create", "file", create, writeFlags, "ok"],
  ["an old file exclusively", "file", { ...create, exclusive: true }, writeFlags, "exist"],
  ["a new file with a slash", "new/", create, writeFlags, "is-directory"],
  ["a new directory", "new", { ...create, directory: true }, readFlags, "invalid"],
  ["a new file in nothing", "none/new", create, writeFlags, "no-entry"],
  ["integrity", "file", noOpenFlags, { ...writeFlags, dataIntegritySync: true }, "ok"],
])("open-at: %s", (_name, path, openFlags, flags, expected) => {
  const answer = box.call("open-at", box.root, follow, path, openFlags, flags) as {
    tag: string;
    val: Descriptor;
  };
  if (answer.tag === "ok") answer.val.dispose();
  expect(answer.tag === "ok" ? "ok" : answer.val).toBe(expected);
});

test("open-at truncates, and remembers its flags", () => {
  const file = box.open("file", { truncate: true, read: false, write: true });
  expect(content("file")).toBe("");
  expect(box.call("get-flags", file)).toMatchObject(ok({ ...writeFlags, read: false }));
  expect(box.call("get-flags", box.root)).toEqual(ok({ ...readFlags, mutateDirectory: true }));
  expect(box.call("get-flags", box.readOnlyRoot)).toEqual(ok(readFlags));
  file.dispose();
});

test("directories are made, found full, emptied and removed", () => {
  expect(box.call("create-directory-at", box.root, "new/")).toEqual(done);
  expect(box.call("create-directory-at", box.root, "new")).toEqual(err("exist"));
  expect(box.call("create-directory-at", box.root, "no/new")).toEqual(err("no-entry"));
  box.open("new/a", { create: true, write: true }).dispose();
  expect(box.call("remove-directory-at", box.root, "new")).toEqual(err("not-empty"));
  expect(box.call("unlink-file-at", box.root, "new")).toEqual(err("is-directory"));
  expect(box.call("unlink-file-at", box.root, "new/a/")).toEqual(err("not-directory"));
  expect(box.call("unlink-file-at", box.root, "new/a")).toEqual(done);
  expect(box.call("remove-directory-at", box.root, "file")).toEqual(err("not-directory"));
  expect(box.call("remove-directory-at", box.root, "to-dir/")).toEqual(err("not-directory"));
  expect(box.call("remove-directory-at", box.root, "new/")).toEqual(done);
  expect(box.call("remove-directory-at", box.root, "new")).toEqual(err("no-entry"));
  expect(box.call("remove-directory-at", box.root, ".")).toEqual(err("invalid"));
});

test("symbolic links are made and read", () => {
  expect(box.call("symlink-at", box.root, "dir/nested", "new")).toEqual(done);
  expect(box.call("readlink-at", box.root, "new")).toEqual(ok("dir/nested"));
  expect(box.call("symlink-at", box.root, "x", "new")).toEqual(err("exist"));
  expect(box.call("symlink-at", box.root, "x", "other/")).toEqual(err("no-entry"));
  expect(box.call("symlink-at", box.root, "a\0b", "other")).toEqual(err("invalid"));
  expect(box.call("readlink-at", box.root, "file")).toEqual(err("invalid"));
  expect(box.call("readlink-at", box.root, "missing")).toEqual(err("no-entry"));
  box.link("/etc/passwd", "absolute");
  expect(box.call("readlink-at", box.root, "absolute")).toEqual(err("not-permitted"));
});

test("hard links share a file", () => {
  expect(box.call("link-at", box.root, stay, "file", box.root, "dir/twin")).toEqual(done);
  expect(content("dir/twin")).toBe("hello");
  const [one, two] = [box.open("file"), box.open("dir/twin")];
  expect(box.call("is-same-object", one, two)).toBe(true);
  expect(box.call("is-same-object", one, box.root)).toBe(false);
  expect(box.call("metadata-hash", one)).toEqual(box.call("metadata-hash", two));
  expect(box.call("metadata-hash", one)).not.toEqual(box.call("metadata-hash", box.root));
  expect(box.call("metadata-hash-at", box.root, follow, "to-file")).toEqual(
    box.call("metadata-hash", one),
  );
  expect(box.call("link-at", box.root, stay, "file", box.root, "dir/twin")).toEqual(err("exist"));
  expect(box.call("link-at", box.root, stay, "dir", box.root, "x")).toEqual(err("not-permitted"));
  expect(box.call("link-at", box.root, stay, "none", box.root, "x")).toEqual(err("no-entry"));
  expect(box.call("link-at", box.root, stay, "file", box.root, "x/")).toEqual(err("no-entry"));
  one.dispose();
  two.dispose();
});

test("renaming moves files and directories", () => {
  const directory = box.open("dir");
  expect(box.call("rename-at", box.root, "file", directory, "moved")).toEqual(done);
  expect(content("dir/moved")).toBe("hello");
  expect(box.call("rename-at", directory, "deep/", box.root, "shallow/")).toEqual(done);
  expect(box.call("rename-at", directory, "moved", box.root, "x/")).toEqual(err("not-directory"));
  expect(box.call("rename-at", directory, "moved/", box.root, "x")).toEqual(err("not-directory"));
  expect(box.call("rename-at", directory, "none", box.root, "x")).toEqual(err("no-entry"));
  expect(box.call("rename-at", box.root, "dir", box.root, "dir/x")).toEqual(err("invalid"));
  directory.dispose();
});

test.each([
  ["read", [1n, 0n], "bad-descriptor"],
  ["write", [Buffer.from("x"), 0n], "bad-descriptor"],
  ["set-size", [0n], "bad-descriptor"],
  ["advise", [0n, 0n, "normal"], "bad-descriptor"],
  ["read-via-stream", [0n], "is-directory"],
  ["write-via-stream", [0n], "bad-descriptor"],
  ["append-via-stream", [], "bad-descriptor"],
])("%s of a directory fails", (name, values, expected) => {
  expect(box.call(name, box.root, ...values)).toEqual(err(expected));
});

test.each([
  ["read-directory", []],
  ["create-directory-at", ["x"]],
  ["stat-at", [follow, "x"]],
  ["open-at", [follow, "x", noOpenFlags, readFlags]],
  ["readlink-at", ["x"]],
  ["remove-directory-at", ["x"]],
  ["symlink-at", ["x", "y"]],
  ["unlink-file-at", ["x"]],
  ["metadata-hash-at", [follow, "x"]],
])("%s of a file is not-directory", (name, values) => {
  const file = box.open("file");
  expect(box.call(name, file, ...values)).toEqual(err("not-directory"));
  file.dispose();
});

test.each([
  ["create-directory-at", ["new"]],
  ["remove-directory-at", ["dir/deep"]],
  ["unlink-file-at", ["file"]],
  ["symlink-at", ["file", "new"]],
  ["set-times", [{ tag: "now" }, { tag: "now" }]],
  ["set-times-at", [follow, "file", { tag: "now" }, { tag: "now" }]],
  ["open-at", [follow, "new", create, readFlags]],
  ["open-at", [follow, "file", { ...noOpenFlags, truncate: true }, readFlags]],
  ["open-at", [follow, "file", noOpenFlags, writeFlags]],
  ["open-at", [follow, "dir", noOpenFlags, { ...readFlags, mutateDirectory: true }]],
])("a read-only preopen refuses %s %j", (name, values) => {
  expect(box.call(name, box.readOnlyRoot, ...values)).toEqual(err("read-only"));
  expect(content("file")).toBe("hello");
});

test.each([
  ["rename-at", ["file"], ["new"]],
  ["link-at", [stay, "file"], ["new"]],
])("a read-only preopen is neither source nor target of %s", (name, from, to) => {
  expect(box.call(name, box.readOnlyRoot, ...from, box.root, ...to)).toEqual(err("read-only"));
  expect(box.call(name, box.root, ...from, box.readOnlyRoot, ...to)).toEqual(err("read-only"));
});

test("what is opened below a read-only preopen is read-only, too", () => {
  const open = (path: string): Descriptor =>
    valueOf(box.call("open-at", box.readOnlyRoot, follow, path, noOpenFlags, readFlags));
  const [file, directory] = [open("file"), open("dir")];
  expect(box.call("read", file, 9n, 0n)).toEqual(ok([Buffer.from("hello"), false]));
  expect(box.call("write", file, Buffer.from("x"), 0n)).toEqual(err("bad-descriptor"));
  expect(box.call("set-times", file, { tag: "now" }, noChange)).toEqual(err("read-only"));
  expect(box.call("create-directory-at", directory, "new")).toEqual(err("read-only"));
  file.dispose();
  directory.dispose();
});

test.each(["sync", "sync-data"])("%s suspends for what can be written", async (name) => {
  const file = box.open("file", { write: true });
  const synced = box.call(name, file);
  expect(synced).toBeInstanceOf(Promise);
  types.resources["descriptor"]?.drop?.(box.context, file);
  expect(await synced).toEqual(done);
  expect(await box.call(name, box.root)).toEqual(done);
  const readOnly = box.open("file");
  expect(box.call(name, readOnly)).toEqual(done);
  readOnly.dispose();
});

test("advice on a file is taken", () => {
  const file = box.open("file");
  expect(box.call("advise", file, 0n, 10n, "sequential")).toEqual(done);
  file.dispose();
});
