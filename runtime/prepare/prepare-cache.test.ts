import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { PrepareCache } from "./prepare-cache.ts";

const directories: string[] = [];

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "whorl-cache-"));
  directories.push(directory);
  return directory;
}

afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
});

function cacheIn(directory: string, options: { bytesMax?: number; version?: string } = {}) {
  const warnings: string[] = [];
  const cache = new PrepareCache({
    directory,
    version: options.version ?? "1",
    bytesMax: options.bytesMax ?? 1_000_000,
    onWarning: (message) => warnings.push(message),
  });
  return { cache, warnings };
}

const entryOf = (value: number): { header: number; blobs: Uint8Array<ArrayBuffer>[] } => ({
  header: value,
  blobs: [new Uint8Array(1000).fill(value)],
});

test("what one cache writes, another one of the same directory reads", async () => {
  const directory = join(await newDirectory(), "not", "there", "yet");
  const { cache, warnings } = cacheIn(directory);
  expect(await cache.read("k", "prepared")).toBeUndefined();
  await cache.write("k", "prepared", entryOf(7));
  expect(await cacheIn(directory).cache.read("k", "prepared")).toEqual(entryOf(7));
  expect(await cache.read("k", "ready")).toBeUndefined();
  expect(await cache.read("j", "prepared")).toBeUndefined();
  await cache.remove("k", "prepared");
  expect(await cache.read("k", "prepared")).toBeUndefined();
  expect(warnings).toEqual([]);
});

test.each<readonly [string, (path: string, other: string) => Promise<void>]>([
  ["cut short", async (path) => writeFile(path, (await readFile(path)).subarray(0, 500))],
  ["emptied", (path) => writeFile(path, "")],
  ["overwritten", (path) => writeFile(path, "what is this? ".repeat(100))],
  ["swapped with another one", async (path, other) => writeFile(path, await readFile(other))],
])("an entry that was %s is removed and made again", async (_name, damage) => {
  const directory = await newDirectory();
  const { cache } = cacheIn(directory);
  await cache.write("k", "prepared", entryOf(1));
  await cache.write("other", "prepared", entryOf(2));
  const path = join(directory, "k.prepared.whorl");
  await damage(path, join(directory, "other.prepared.whorl"));
  expect(await cache.read("k", "prepared")).toBeUndefined();
  expect(await readdir(directory)).toEqual(["other.prepared.whorl"]);
  await cache.write("k", "prepared", entryOf(1));
  expect(await cache.read("k", "prepared")).toEqual(entryOf(1));
});

test("an entry of another version is made again", async () => {
  const directory = await newDirectory();
  await cacheIn(directory).cache.write("k", "prepared", entryOf(1));
  const { cache } = cacheIn(directory, { version: "2" });
  expect(await cache.read("k", "prepared")).toBeUndefined();
});

test("the entries that were not used for longest are removed beyond the bound", async () => {
  const directory = await newDirectory();
  const { cache } = cacheIn(directory, { bytesMax: 3500 });
  for (const key of ["a", "b", "c"]) {
    await cache.write(key, "prepared", entryOf(1));
    await utimes(join(directory, `${key}.prepared.whorl`), 1000, key.charCodeAt(0));
  }
  // Using one makes it the youngest.
  expect(await cache.read("a", "prepared")).toBeDefined();
  await cache.write("d", "prepared", entryOf(1));
  const kept = (await readdir(directory)).toSorted();
  expect(kept).toEqual(["a.prepared.whorl", "c.prepared.whorl", "d.prepared.whorl"]);
});

test("an entry larger than the bound is not kept", async () => {
  const directory = await newDirectory();
  const { cache } = cacheIn(directory, { bytesMax: 100 });
  await cache.write("k", "prepared", entryOf(1));
  expect(await readdir(directory)).toEqual([]);
});

test("files of processes that died are removed", async () => {
  const directory = await newDirectory();
  const { cache } = cacheIn(directory);
  const path = join(directory, "old.prepared.whorl.1.tmp");
  await writeFile(path, "half");
  await utimes(path, 1000, 1000);
  await writeFile(join(directory, "new.prepared.whorl.2.tmp"), "half");
  await cache.write("k", "prepared", entryOf(1));
  const kept = (await readdir(directory)).toSorted();
  expect(kept).toEqual(["k.prepared.whorl", "new.prepared.whorl.2.tmp"]);
});

test("where nothing can be written everything goes on, with a warning", async () => {
  const file = join(await newDirectory(), "file");
  await writeFile(file, "");
  const { cache, warnings } = cacheIn(join(file, "below"));
  expect((await cache.exclusively("k", async () => "done")).result).toBe("done");
  await cache.write("k", "prepared", entryOf(1));
  expect(await cache.read("k", "prepared")).toBeUndefined();
  expect(warnings.length).toBeGreaterThan(0);
  for (const warning of warnings) expect(warning).toMatch(/^prepare cache: cannot /);
});

test("work for one key is done by one after the other", async () => {
  const directory = await newDirectory();
  const order: string[] = [];
  const part = async (what: string): Promise<void> => {
    order.push(what);
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const work = async (name: string): Promise<void> => {
    const { cache } = cacheIn(directory);
    const begin = (): Promise<void> => part(`${name} begins`);
    await (
      await cache.exclusively("k", begin, () => part(`${name} ends`))
    ).released;
  };
  await Promise.all([work("a"), work("b"), work("c")]);
  expect(order).toHaveLength(6);
  for (let index = 0; index < order.length; index += 2) {
    const name = order[index]?.split(" ")[0];
    expect(order.slice(index, index + 2)).toEqual([`${name} begins`, `${name} ends`]);
  }
  expect(await readdir(directory)).toEqual([]);
});

test("a lock is given back when the work fails, and an abandoned one is taken over", async () => {
  const directory = await newDirectory();
  const { cache } = cacheIn(directory);
  await expect(cache.exclusively("k", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  const lock = join(directory, "k.lock");
  await writeFile(lock, "");
  await utimes(lock, 1000, 1000);
  const { result, released } = await cache.exclusively("k", async () => "done");
  expect(result).toBe("done");
  await released;
  expect(await readdir(directory)).toEqual([]);
});

test("the lock of a process that has ended is taken over at once", async () => {
  const directory = await newDirectory();
  const { cache } = cacheIn(directory);
  const lock = join(directory, "k.lock");
  const mark = await cache.exclusively("k", () => readFile(lock, "utf8"));
  await mark.released;
  const { pid } = spawnSync("true");
  await writeFile(lock, mark.result.replace(/^\d+/, String(pid)));
  // Its age says nothing.
  await utimes(lock, 1e10, 1e10);
  expect((await cache.exclusively("k", async () => "done")).result).toBe("done");
});

test("a process that ends waits for what is still being written, and for its lock", async () => {
  const directory = await newDirectory();
  const { cache } = cacheIn(directory);
  const begin = async (): Promise<void> => undefined;
  await cache.exclusively("k", begin, () => cache.write("k", "prepared", entryOf(1)));
  await cache.settled();
  expect(await readdir(directory)).toEqual(["k.prepared.whorl"]);
});
