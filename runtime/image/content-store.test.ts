import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeAppFolder } from "./app-folder.ts";
import { ContentStore } from "./content-store.ts";
import { sha256Digest } from "./digest.ts";

let root: string;
let store: ContentStore;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "whorl-store-"));
  store = await ContentStore.open(root);
});

afterEach(() => rmSync(root, { recursive: true }));

const bytes = Buffer.from("some content");
const name = { digest: sha256Digest(bytes), size: bytes.length };

test("a blob is seen only once it is committed", async () => {
  {
    await using writer = await store.writer(name);
    await writer.write(bytes.subarray(0, 4));
    await writer.write(bytes.subarray(4));
    expect(await store.has(name)).toBe(false);
    await writer.commit();
  }
  expect(await store.read(name)).toEqual(bytes);
});

test("a writer that is not committed leaves nothing", async () => {
  {
    await using writer = await store.writer(name);
    await writer.write(bytes);
  }
  expect(await store.has(name)).toBe(false);
});

test("a writer begins again after restart", async () => {
  await using writer = await store.writer(name);
  await writer.write(Buffer.from("wrong"));
  await writer.restart();
  await writer.write(bytes);
  await writer.commit();
  expect(await store.read(name)).toEqual(bytes);
});

test.each([
  { what: "too few bytes", content: "some", message: /has 4 bytes, not the 12/ },
  { what: "too many bytes", content: "some content!", message: /longer than the 12 bytes/ },
  { what: "other bytes", content: "same content", message: /was promised; do not trust/ },
])("refuses $what", async ({ content, message }) => {
  await using writer = await store.writer(name);
  const finished = writer.write(Buffer.from(content)).then(() => writer.commit());
  await expect(finished).rejects.toThrow(message);
  expect(await store.has(name)).toBe(false);
});

test.each([
  { what: "changed", content: "same content" },
  { what: "cut", content: "some" },
])("a blob that was $what on the disk is removed", async ({ content }) => {
  await store.add(bytes);
  const path = store.pathOf(name.digest);
  writeFileSync(path, content);
  await expect(store.read(name)).rejects.toThrow(/was damaged and is removed/);
  expect(existsSync(path)).toBe(false);
  expect(await store.tryRead(name.digest)).toBeUndefined();
  await store.add(bytes);
  writeFileSync(path, content);
  expect(await store.has(name)).toBe(false);
});

test("ingest finds out what the bytes are, up to a limit", async () => {
  expect(await store.ingest([bytes.subarray(0, 4), bytes.subarray(4)])).toEqual(name);
  expect(await store.read(name)).toEqual(bytes);
  await expect(store.ingest([bytes], 5)).rejects.toThrow(/more than 5 bytes/);
});

test("what a killed process left goes away after a day", async () => {
  const [old, fresh] = [join(root, "ingest", "old"), join(root, "ingest", "fresh")];
  for (const path of [old, fresh]) writeFileSync(path, "x");
  utimesSync(old, 1, 1);
  await ContentStore.open(root);
  expect([existsSync(old), existsSync(fresh)]).toEqual([false, true]);
});

test("a folder of an app is made once, and again if it is not whole", async () => {
  const blob = await store.add(bytes);
  const files = new Map([["a/b.txt", blob]]);
  const made = await makeAppFolder(store, name.digest, files);
  const again = await Promise.all([1, 2, 3].map(() => makeAppFolder(store, name.digest, files)));
  expect(new Set(again)).toEqual(new Set([made]));
  rmSync(join(made, "a"), { recursive: true });
  await Promise.all([1, 2, 3].map(() => makeAppFolder(store, name.digest, files)));
  expect(existsSync(join(made, "a", "b.txt"))).toBe(true);
});

test("a path that is a file and a directory is refused", async () => {
  const blob = await store.add(bytes);
  const files = new Map([
    ["a", blob],
    ["a/b", blob],
  ]);
  await expect(makeAppFolder(store, name.digest, files)).rejects.toThrow(/cannot unpack/);
});
