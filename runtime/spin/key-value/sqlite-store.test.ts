import { DatabaseSync } from "node:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SqliteKeyValueStore } from "./sqlite-store.ts";
import { storeSuite } from "./store-suite.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "whorl-kv-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

storeSuite(() => new SqliteKeyValueStore("default", join(folder, "kv.db")));

test("opens a file that Spin wrote", async () => {
  const path = join(folder, "sqlite_key_value.db");
  const spin = new DatabaseSync(path);
  spin.exec(`CREATE TABLE spin_key_value (store TEXT NOT NULL, key TEXT NOT NULL,
    value BLOB NOT NULL, PRIMARY KEY (store, key));
    INSERT INTO spin_key_value VALUES ('default', 'a', x'01'), ('other', 'a', x'02'),
    ('default', 'n', x'0500000000000000')`);
  spin.close();
  await using store = new SqliteKeyValueStore("default", path);
  expect(store.get("a")).toEqual(Uint8Array.of(1));
  expect(store.getKeys()).toEqual(["a", "n"]);
  expect(store.increment("n", 2n)).toBe(7n);
  store.set("b", bytes("x"));
  await store[Symbol.asyncDispose]();
  const again = new DatabaseSync(path);
  const rows = again.prepare("SELECT store, key, hex(value) AS value FROM spin_key_value").all();
  again.close();
  expect(rows.map((row) => Object.values(row).join(" "))).toEqual([
    "default a 01",
    "other a 02",
    "default n 0700000000000000",
    "default b 78",
  ]);
});

test("makes the folder of its file, and keeps values over a restart", async () => {
  const path = join(folder, "deep", "er", "kv.db");
  {
    await using store = new SqliteKeyValueStore("default", path);
    store.set("k", bytes("v"));
  }
  await using store = new SqliteKeyValueStore("default", path);
  expect(store.get("k")).toEqual(bytes("v"));
});

test("labels of one file, and stores in memory, do not see each other", async () => {
  const path = join(folder, "kv.db");
  await using one = new SqliteKeyValueStore("one", path);
  await using two = new SqliteKeyValueStore("two", path);
  await using memory = new SqliteKeyValueStore("one", undefined);
  await using other = new SqliteKeyValueStore("one", undefined);
  one.set("k", bytes("1"));
  memory.set("k", bytes("m"));
  expect([two.get("k"), other.get("k")]).toEqual([undefined, undefined]);
  two.set("k", bytes("2"));
  one.delete("k");
  expect(two.get("k")).toEqual(bytes("2"));
  expect(one.compareAndSwap("k").swap(bytes("1"))).toBe(true);
  expect(two.get("k")).toEqual(bytes("2"));
});

test("a batch is written wholly or not at all", async () => {
  const path = join(folder, "kv.db");
  await using store = new SqliteKeyValueStore("default", path);
  const bad = [
    ["a", bytes("1")],
    ["b", null],
  ] as unknown as [string, Uint8Array][];
  expect(() => store.setMany(bad)).toThrow("NOT NULL constraint failed");
  expect(store.getKeys()).toEqual([]);
  store.setMany([["a", bytes("1")]]);
  expect(store.getKeys()).toEqual(["a"]);
});

test.each(["'; DROP TABLE spin_key_value; --", "", "\u0000", "%", "é\u{1F600}", "a".repeat(5000)])(
  "a key is only a key: %j",
  async (key) => {
    await using store = new SqliteKeyValueStore("default", join(folder, "kv.db"));
    store.set(key, bytes("v"));
    store.set("other", bytes("o"));
    expect(store.get(key)).toEqual(bytes("v"));
    expect(store.getKeys().toSorted()).toEqual([key, "other"].toSorted());
  },
);

test("a folder that cannot be made is an error with its name", () => {
  const store = new SqliteKeyValueStore("default", "/dev/null/kv.db");
  expect(() => store.get("k")).toThrow(/\/dev\/null/);
});

test("does what a Map does", async () => {
  const key = fc.constantFrom("a", "b", "c", "'", "");
  const value = fc.uint8Array({ maxLength: 20 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant("set" as const), key, value }),
    fc.record({ kind: fc.constant("delete" as const), key }),
    fc.record({ kind: fc.constant("setMany" as const), pairs: fc.array(fc.tuple(key, value)) }),
    fc.record({ kind: fc.constant("deleteMany" as const), keys: fc.array(key) }),
    fc.record({ kind: fc.constant("swap" as const), key, value, between: fc.option(value) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      await using store = new SqliteKeyValueStore("default", undefined);
      const model = new Map<string, Uint8Array>();
      for (const each of steps) {
        switch (each.kind) {
          case "set":
            store.set(each.key, each.value);
            model.set(each.key, each.value);
            break;
          case "delete":
            store.delete(each.key);
            model.delete(each.key);
            break;
          case "setMany":
            store.setMany(each.pairs);
            for (const [name, content] of each.pairs) model.set(name, content);
            break;
          case "deleteMany":
            store.deleteMany(each.keys);
            for (const name of each.keys) model.delete(name);
            break;
          case "swap": {
            const cas = store.compareAndSwap(each.key);
            const seen = await cas.current();
            if (each.between !== null) {
              store.set(each.key, each.between);
              model.set(each.key, each.between);
            }
            const isSame = Buffer.compare(
              Buffer.from(model.get(each.key) ?? []),
              Buffer.from(seen ?? []),
            );
            const expected = model.has(each.key) === (seen !== undefined) && isSame === 0;
            expect(await cas.swap(each.value)).toBe(expected);
            if (expected) model.set(each.key, each.value);
          }
        }
      }
      expect(store.getKeys().toSorted()).toEqual([...model.keys()].toSorted());
      for (const [name, content] of model) expect(store.get(name)).toEqual(content);
    }),
  );
});
