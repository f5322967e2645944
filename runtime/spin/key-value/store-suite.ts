import { expect, test } from "vitest";
import type { KeyValueStore } from "./key-value-store.ts";

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const plain = (value: Uint8Array | undefined): number[] | undefined => value && [...value];

/** What every backend has to do. `open` gives an empty store, shared by all that it gives. */
export function storeSuite(open: () => Promise<KeyValueStore> | KeyValueStore): void {
  test("set, get, exists, delete", async () => {
    const store = await open();
    expect(await store.get("k")).toBeUndefined();
    expect(await store.exists("k")).toBe(false);
    const value = Uint8Array.from({ length: 256 }, (_, index) => index);
    await store.set("k", value);
    expect(plain(await store.get("k"))).toEqual([...value]);
    await store.set("k", bytes(""));
    expect(plain(await store.get("k"))).toEqual([]);
    expect(await store.exists("k")).toBe(true);
    await store.delete("k");
    await store.delete("k");
    expect(await store.get("k")).toBeUndefined();
  });

  test("keys, also many and strange ones", async () => {
    const store = await open();
    expect(await store.getKeys()).toEqual([]);
    const names = ["a", "ä", "with space", "quote'", "*", ...numbered(130)];
    await store.setMany(names.map((name) => [name, bytes(name)] as const));
    expect((await store.getKeys()).toSorted()).toEqual(names.toSorted());
    const streamed: string[] = [];
    for await (const name of store.iterateKeys()) streamed.push(name);
    expect(streamed.toSorted()).toEqual(names.toSorted());
    const many = await store.getMany([...names, "missing", "a"]);
    expect(many.map(([name]) => name)).toEqual([...names, "missing", "a"]);
    expect(many.map(([, value]) => value && Buffer.from(value).toString())).toEqual([
      ...names,
      undefined,
      "a",
    ]);
    await store.deleteMany([...names, "missing", "a"]);
    expect(await store.getKeys()).toEqual([]);
  });

  test("increment, also by many at once", async () => {
    const store = await open();
    expect(await store.increment("n", 5n)).toBe(5n);
    expect(await store.increment("n", -7n)).toBe(-2n);
    await Promise.all(Array.from({ length: 4 }, async () => store.increment("n", 1n)));
    expect(await store.increment("n", 0n)).toBe(2n);
    await store.set("text", bytes("no number"));
    const failure = (async () => store.increment("text", 1n))();
    await expect(failure).rejects.toThrow(/not a number|not an integer|BadRequest/);
  });

  test("compare and swap", async () => {
    const store = await open();
    const first = store.compareAndSwap("k");
    expect(await first.current()).toBeUndefined();
    expect(await first.swap(bytes("1"))).toBe(true);
    const [one, two] = [store.compareAndSwap("k"), store.compareAndSwap("k")];
    expect(plain(await one.current())).toEqual(plain(bytes("1")));
    await two.current();
    expect(await two.swap(bytes("2"))).toBe(true);
    expect(await one.swap(bytes("3"))).toBe(false);
    expect(plain(await store.get("k"))).toEqual(plain(bytes("2")));
    const absent = store.compareAndSwap("new");
    await absent.current();
    await store.set("new", bytes("x"));
    expect(await absent.swap(bytes("y"))).toBe(false);
    expect(await store.compareAndSwap("k").swap(bytes("4"))).toBe(true);
    const gone = store.compareAndSwap("k");
    await gone.current();
    await store.delete("k");
    expect(await gone.swap(bytes("5"))).toBe(false);
  });
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `key-${index}`);
}
