import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Result, StreamSource } from "../../../instance/host-interface.ts";
import { closedContext } from "../../io/closed-context.ts";
import { ChunkReader, pullAll } from "../../io/stream-reader-fixture.ts";
import type { Descriptor } from "../descriptor.ts";
import { follow, noOpenFlags, readFlags, SandboxFixture, writeFlags } from "../sandbox-fixture.ts";
import { filesystemInterfaces03 } from "./filesystem-interfaces.ts";

let box: SandboxFixture;
const context = closedContext({});
const done = { tag: "ok", val: undefined };

beforeEach(() => {
  box = new SandboxFixture();
});

afterEach(() => {
  box[Symbol.dispose]();
});

type Fate = Promise<Result<undefined, { readonly tag: string }>>;

function invoke<T>(name: string, ...values: unknown[]): T {
  const host = filesystemInterfaces03[0]?.functions[`[method]descriptor.${name}`];
  if (host === undefined) throw new Error(`no function ${name}`);
  return host(context, ...values) as T;
}

function open(path: string, flags = readFlags, openFlags = noOpenFlags): Descriptor {
  const opened = invoke<Result<Descriptor, unknown>>(
    "open-at",
    box.root,
    ...[follow, path],
    ...[openFlags, flags],
  );
  if (opened.tag === "err") throw new Error(JSON.stringify(opened.val));
  return opened.val;
}

function failure(tag: string): unknown {
  return { tag: "err", val: { tag, val: undefined } };
}

describe("descriptor", () => {
  test("reads a file as a stream, from an offset on", async () => {
    const file = open("file");
    const [source, fate] = invoke<[StreamSource<number>, Fate]>("read-via-stream", file, 1n);
    expect(Buffer.from(await pullAll(source, 2)).toString()).toBe("ello");
    expect(await fate).toEqual(done);
    file.dispose();
  });

  test("tells in the future why nothing can be read", async () => {
    const [source, fate] = invoke<[StreamSource<number>, Fate]>("read-via-stream", box.root, 0n);
    expect(await pullAll(source, 2)).toEqual([]);
    expect(await fate).toEqual(failure("is-directory"));
  });

  test("writes and appends streams", async () => {
    const file = open("new", writeFlags, { ...noOpenFlags, create: true });
    const chunks = new ChunkReader("one ", "two");
    expect(await invoke<Fate>("write-via-stream", file, chunks, 0n)).toEqual(done);
    expect(await invoke<Fate>("append-via-stream", file, new ChunkReader("!"))).toEqual(done);
    expect(readFileSync(join(box.inside, "new"), "utf8")).toBe("one two!");
    expect(chunks.isDropped).toBe(true);
    file.dispose();
  });

  test("refuses to write what is open for reading, and lets the guest know", async () => {
    const file = open("file");
    const chunks = new ChunkReader("x");
    expect(await invoke<Fate>("write-via-stream", file, chunks, 0n)).toEqual(
      failure("bad-descriptor"),
    );
    expect(chunks.isDropped).toBe(true);
    file.dispose();
  });

  test("lists a directory as a stream, more entries than one read gives", async () => {
    mkdirSync(join(box.inside, "many"));
    for (let index = 0; index < 600; index++) {
      writeFileSync(join(box.inside, "many", `f${index}`), "");
    }
    const directory = open("many");
    const [source, fate] = invoke<[StreamSource<{ name: string; type: unknown }>, Fate]>(
      "read-directory",
      directory,
    );
    const entries = await pullAll(source, 10_000);
    expect(new Set(entries.map(({ name }) => name)).size).toBe(600);
    expect(entries[0]?.type).toEqual({ tag: "regular-file", val: undefined });
    expect(await fate).toEqual(done);
    directory.dispose();
  });

  test("has times with their nanoseconds", () => {
    const file = open("file");
    const stat = invoke<
      Result<{ size: bigint; type: unknown; dataModificationTimestamp: object }, unknown>
    >("stat", file);
    expect(stat).toMatchObject({
      tag: "ok",
      val: { size: 5n, type: { tag: "regular-file", val: undefined } },
    });
    expect(stat.tag === "ok" && stat.val.dataModificationTimestamp).toEqual({
      seconds: expect.any(BigInt),
      nanoseconds: expect.any(Number),
    });
    file.dispose();
  });

  test.each([
    ["stat-at", [follow, "absent"], "no-entry"],
    ["stat-at", [follow, "../outside"], "not-permitted"],
    ["create-directory-at", ["file"], "exist"],
    ["remove-directory-at", ["file"], "not-directory"],
    ["unlink-file-at", ["absent"], "no-entry"],
  ])("%s %j fails with %s", (name, values, tag) => {
    expect(invoke(name, box.root, ...values)).toEqual(failure(tag));
  });

  test("is synchronized", async () => {
    const file = open("file", writeFlags);
    expect(await invoke("sync", file)).toEqual(done);
    expect(await invoke("sync-data", file)).toEqual(done);
    file.dispose();
  });
});
