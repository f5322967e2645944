import { afterEach, describe, expect, test } from "vitest";
import type { HostInterface, StreamSource } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import { atomics } from "../wasi-keyvalue/atomics.ts";
import { batch } from "../wasi-keyvalue/batch.ts";
import { store as wasiStore } from "../wasi-keyvalue/store.ts";
import { type CasHandle, KeyValueContext, type KeyValueScope } from "./key-value-scope.ts";
import { keyValueV1 } from "./key-value-v1.ts";
import { keyValueV2 } from "./key-value-v2.ts";
import { keyValueV3 } from "./key-value-v3.ts";
import { AnswerSize, boundedValue, type KeyValueStore } from "./key-value-store.ts";
import { SqliteKeyValueStore } from "./sqlite-store.ts";

const warnings: string[] = [];

afterEach(() => {
  warnings.length = 0;
});

function scopeOf(
  stores: Readonly<Record<string, KeyValueStore>>,
  allowed: readonly string[] = Object.keys(stores),
): KeyValueScope {
  return {
    keyValue: new KeyValueContext({
      allowed: new Set(allowed),
      stores: new Map(Object.entries(stores)),
      warn: (message) => void warnings.push(message),
    }),
  };
}

function memoryScope(): KeyValueScope {
  return scopeOf({ default: new SqliteKeyValueStore("default", undefined) });
}

/** A store whose every use fails. */
const brokenStore: KeyValueStore = {
  ...({} as KeyValueStore),
  summary: "a broken store",
  get: () => Promise.reject(new Error("out of order")),
  set: () => {
    throw new Error("out of order");
  },
  delete: () => Promise.reject(new Error("out of order")),
  exists: () => Promise.reject(new Error("out of order")),
  getKeys: () => Promise.reject(new Error("out of order")),
  // oxlint-disable-next-line require-yield -- it fails before the first key
  async *iterateKeys() {
    throw new Error("out of order");
  },
  getMany: () => Promise.reject(new Error("out of order")),
  setMany: () => Promise.reject(new Error("out of order")),
  deleteMany: () => Promise.reject(new Error("out of order")),
  increment: () => Promise.reject(new Error("out of order")),
  compareAndSwap: () => ({
    current: () => Promise.reject(new Error("out of order")),
    swap: () => Promise.reject(new Error("out of order")),
  }),
};

async function call(
  host: HostInterface<KeyValueScope>,
  scope: KeyValueScope,
  name: string,
  ...values: unknown[]
): Promise<unknown> {
  const run = host.functions[name];
  if (run === undefined) throw new Error(`no function ${name}`);
  return run(scope, ...values);
}

async function opened(
  host: HostInterface<KeyValueScope>,
  scope: KeyValueScope,
  name = "[static]store.open",
): Promise<unknown> {
  const result = (await call(host, scope, name, "default")) as { tag: string; val: unknown };
  expect(result.tag).toBe("ok");
  return result.val;
}

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const ok = (val?: unknown): object => ({ tag: "ok", val });
const err = (tag: string, val?: unknown): object => ({
  tag: "err",
  val: val === undefined ? { tag } : { tag, val },
});

const versions = [
  { host: keyValueV2, resource: "store" },
  { host: keyValueV3, resource: "store" },
  { host: wasiStore, resource: "bucket" },
] as const;

describe.each(versions)("$host.name $host.version", ({ host, resource }) => {
  const open = resource === "store" ? "[static]store.open" : "open";
  const method = (name: string): string => `[method]${resource}.${name}`;

  test("set, get, exists, delete", async () => {
    const scope = memoryScope();
    const store = await opened(host, scope, open);
    expect(await call(host, scope, method("get"), store, "k")).toEqual(ok(undefined));
    expect(await call(host, scope, method("exists"), store, "k")).toEqual(ok(false));
    expect(await call(host, scope, method("set"), store, "k", bytes("v"))).toEqual(ok());
    expect(await call(host, scope, method("get"), store, "k")).toEqual(ok(bytes("v")));
    expect(await call(host, scope, method("exists"), store, "k")).toEqual(ok(true));
    expect(await call(host, scope, method("delete"), store, "k")).toEqual(ok());
    expect(await call(host, scope, method("delete"), store, "k")).toEqual(ok());
    expect(await call(host, scope, method("exists"), store, "k")).toEqual(ok(false));
    expect(warnings).toEqual([]);
  });

  test("open refuses a label that is not allowed, and one without a store", async () => {
    const store = new SqliteKeyValueStore("default", undefined);
    const scope = scopeOf({ default: store, secret: store }, ["default", "missing"]);
    expect(await call(host, scope, open, "secret")).toEqual(err("access-denied"));
    expect(await call(host, scope, open, "nonsense")).toEqual(err("access-denied"));
    expect(await call(host, scope, open, "missing")).toEqual(err("no-such-store"));
  });

  test("open refuses more stores than an instance may have, until one is dropped", async () => {
    const scope = memoryScope();
    const handles: unknown[] = [];
    for (let count = 0; count < limits.openStoresMax; count++) {
      handles.push(await opened(host, scope, open));
    }
    const refused =
      resource === "store" ? err("store-table-full") : err("other", "store table full");
    expect(await call(host, scope, open, "default")).toEqual(refused);
    host.resources[resource]?.drop?.(scope, handles[0] as object);
    expect(await call(host, scope, open, "default")).toMatchObject({ tag: "ok" });
  });

  test.each([
    ["get", ["k"]],
    ["set", ["k", bytes("v")]],
    ["delete", ["k"]],
    ["exists", ["k"]],
  ])("%s gives the guest what a store reports, and the operator a line", async (name, values) => {
    const scope = scopeOf({ default: brokenStore });
    const store = await opened(host, scope, open);
    expect(await call(host, scope, method(name), store, ...values)).toEqual(
      err("other", "out of order"),
    );
    expect(warnings).toEqual(['key-value store "default" (a broken store): out of order']);
  });
});

test("fermyon:spin/key-value@2.0.0 get-keys and wasi:keyvalue list-keys name all keys", async () => {
  const scope = memoryScope();
  const store = await opened(keyValueV2, scope);
  for (const key of ["a", "b"]) {
    await call(keyValueV2, scope, "[method]store.set", store, key, bytes(""));
  }
  expect(await call(keyValueV2, scope, "[method]store.get-keys", store)).toEqual(ok(["a", "b"]));
  expect(await call(wasiStore, scope, "[method]bucket.list-keys", store, undefined)).toEqual(
    ok({ keys: ["a", "b"], cursor: undefined }),
  );
  expect(await call(wasiStore, scope, "[method]bucket.list-keys", store, "a")).toEqual(
    err("other", "list_keys: cursor not supported"),
  );
});

describe("spin:key-value/key-value@3.0.0 get-keys", () => {
  async function keysOf(scope: KeyValueScope): Promise<[StreamSource<string>, Promise<unknown>]> {
    const store = await opened(keyValueV3, scope);
    return (await call(keyValueV3, scope, "[method]store.get-keys", store)) as [
      StreamSource<string>,
      Promise<unknown>,
    ];
  }

  test("streams the keys in pieces, then says that all went well", async () => {
    const scope = memoryScope();
    const store = await opened(keyValueV3, scope);
    for (const key of ["a", "b", "c"]) {
      await call(keyValueV3, scope, "[method]store.set", store, key, bytes(""));
    }
    const [keys, end] = await keysOf(scope);
    expect(await keys.pull(2)).toEqual(["a", "b"]);
    expect(await keys.pull(2)).toEqual(["c"]);
    expect(await keys.pull(2)).toBeUndefined();
    expect(await end).toEqual(ok());
  });

  test("ends well when the guest stops reading", async () => {
    const [keys, end] = await keysOf(memoryScope());
    keys.drop?.();
    expect(await end).toEqual(ok());
  });

  test("tells of a failure by the future, not by a trap", async () => {
    const [keys, end] = await keysOf(scopeOf({ default: brokenStore }));
    expect(await keys.pull(10)).toBeUndefined();
    expect(await end).toEqual(err("other", "out of order"));
  });
});

describe("fermyon:spin/key-value of Spin 1", () => {
  test("stores are numbers", async () => {
    const scope = memoryScope();
    expect(await call(keyValueV1, scope, "open", "default")).toEqual(ok(0));
    expect(await call(keyValueV1, scope, "open", "default")).toEqual(ok(1));
    expect(await call(keyValueV1, scope, "set", 0, "k", bytes("v"))).toEqual(ok());
    expect(await call(keyValueV1, scope, "get", 1, "k")).toEqual(ok(bytes("v")));
    expect(await call(keyValueV1, scope, "exists", 1, "k")).toEqual(ok(true));
    expect(await call(keyValueV1, scope, "get-keys", 1)).toEqual(ok(["k"]));
    expect(await call(keyValueV1, scope, "delete", 1, "k")).toEqual(ok());
    expect(await call(keyValueV1, scope, "get", 0, "k")).toEqual(err("no-such-key"));
    await call(keyValueV1, scope, "close", 0);
    await call(keyValueV1, scope, "close", 0);
    expect(await call(keyValueV1, scope, "get", 0, "k")).toEqual(err("invalid-store"));
    expect(await call(keyValueV1, scope, "exists", 1, "k")).toEqual(ok(false));
  });

  test("open refuses as the newer ones do", async () => {
    const scope = scopeOf({}, ["missing"]);
    expect(await call(keyValueV1, scope, "open", "default")).toEqual(err("access-denied"));
    expect(await call(keyValueV1, scope, "open", "missing")).toEqual(err("no-such-store"));
  });

  test.each([
    ["get", ["k"]],
    ["set", ["k", bytes("v")]],
    ["delete", ["k"]],
    ["exists", ["k"]],
    ["get-keys", []],
  ])("%s: a failure is io, an unknown number invalid-store", async (name, values) => {
    const scope = scopeOf({ default: brokenStore });
    await call(keyValueV1, scope, "open", "default");
    expect(await call(keyValueV1, scope, name, 0, ...values)).toEqual(err("io", "out of order"));
    expect(await call(keyValueV1, scope, name, 7, ...values)).toEqual(err("invalid-store"));
  });
});

describe("wasi:keyvalue/batch", () => {
  test("many keys at once, none for those that are not there", async () => {
    const scope = memoryScope();
    const bucket = await opened(wasiStore, scope, "open");
    const pairs = [
      ["a", bytes("1")],
      ["b", bytes("2")],
      ["a", bytes("3")],
    ];
    expect(await call(batch, scope, "set-many", bucket, pairs)).toEqual(ok());
    expect(await call(batch, scope, "get-many", bucket, ["b", "x", "a"])).toEqual(
      ok([
        ["b", bytes("2")],
        ["x", undefined],
        ["a", bytes("3")],
      ]),
    );
    expect(await call(batch, scope, "delete-many", bucket, ["a", "x"])).toEqual(ok());
    expect(await call(batch, scope, "get-many", bucket, ["a", "b"])).toEqual(
      ok([
        ["a", undefined],
        ["b", bytes("2")],
      ]),
    );
  });

  test.each([
    ["get-many", ok([])],
    ["set-many", ok()],
    ["delete-many", ok()],
  ])(
    "%s of nothing does not ask the store, of something tells of its failure",
    async (name, empty) => {
      const scope = scopeOf({ default: brokenStore });
      const bucket = await opened(wasiStore, scope, "open");
      expect(await call(batch, scope, name, bucket, [])).toEqual(empty);
      const something = name === "set-many" ? [["a", bytes("1")]] : ["a"];
      expect(await call(batch, scope, name, bucket, something)).toEqual(
        err("other", "out of order"),
      );
    },
  );
});

describe("wasi:keyvalue/atomics", () => {
  async function newCas(scope: KeyValueScope, key: string): Promise<CasHandle> {
    const bucket = await opened(wasiStore, scope, "open");
    const result = (await call(atomics, scope, "[static]cas.new", bucket, key)) as {
      val: CasHandle;
    };
    return result.val;
  }

  test("increment counts from 0, also down", async () => {
    const scope = memoryScope();
    const bucket = await opened(wasiStore, scope, "open");
    expect(await call(atomics, scope, "increment", bucket, "n", 5n)).toEqual(ok(5n));
    expect(await call(atomics, scope, "increment", bucket, "n", -7n)).toEqual(ok(-2n));
    const max = (1n << 63n) - 1n;
    expect(await call(atomics, scope, "increment", bucket, "max", max)).toEqual(ok(max));
    expect(await call(atomics, scope, "increment", bucket, "max", 1n)).toEqual(
      err("other", '"max" would leave the range of s64'),
    );
    await call(wasiStore, scope, "[method]bucket.set", bucket, "text", bytes("seven"));
    expect(await call(atomics, scope, "increment", bucket, "text", 1n)).toEqual(
      err("other", 'the value of "text" is not a number: 5 bytes, not 8'),
    );
  });

  test("swap replaces what current saw", async () => {
    const scope = memoryScope();
    const cas = await newCas(scope, "k");
    expect(await call(atomics, scope, "[method]cas.current", cas)).toEqual(ok(undefined));
    expect(await call(atomics, scope, "swap", cas, bytes("1"))).toEqual(ok());
    const next = await newCas(scope, "k");
    expect(await call(atomics, scope, "[method]cas.current", next)).toEqual(ok(bytes("1")));
    expect(await call(atomics, scope, "swap", next, bytes("2"))).toEqual(ok());
  });

  test.each([
    ["a value that changed", bytes("old")],
    ["a value that appeared", undefined],
  ])("swap fails on %s and gives an operation that works", async (_, before) => {
    const scope = memoryScope();
    const bucket = await opened(wasiStore, scope, "open");
    const set = "[method]bucket.set";
    if (before !== undefined) await call(wasiStore, scope, set, bucket, "k", before);
    const cas = await newCas(scope, "k");
    await call(atomics, scope, "[method]cas.current", cas);
    await call(wasiStore, scope, set, bucket, "k", bytes("new"));
    const failed = (await call(atomics, scope, "swap", cas, bytes("mine"))) as {
      tag: string;
      val: { tag: string; val: CasHandle };
    };
    expect(failed).toMatchObject({ tag: "err", val: { tag: "cas-failed" } });
    expect(await call(wasiStore, scope, "[method]bucket.get", bucket, "k")).toEqual(
      ok(bytes("new")),
    );
    expect(await call(atomics, scope, "swap", failed.val.val, bytes("mine"))).toEqual(ok());
  });

  test("too many operations, and failures of the store", async () => {
    const scope = scopeOf({ default: brokenStore });
    const first = await newCas(scope, "k");
    expect(await call(atomics, scope, "[method]cas.current", first)).toEqual(
      err("other", "out of order"),
    );
    expect(await call(atomics, scope, "swap", first, bytes("v"))).toEqual(
      err("store-error", { tag: "other", val: "out of order" }),
    );
    const bucket = await opened(wasiStore, scope, "open");
    for (let count = 0; count < limits.openStoresMax; count++) {
      await call(atomics, scope, "[static]cas.new", bucket, "k");
    }
    const full = err("other", "too many compare_and_swaps opened");
    expect(await call(atomics, scope, "[static]cas.new", bucket, "k")).toEqual(full);
    atomics.resources["cas"]?.drop?.(scope, first);
    expect(await call(atomics, scope, "[static]cas.new", bucket, "k")).toMatchObject({ tag: "ok" });
    expect(await call(atomics, scope, "increment", bucket, "k", 1n)).toEqual(
      err("other", "out of order"),
    );
  });
});

describe("what is too large", () => {
  const tooLarge = new Uint8Array(limits.bufferedBodyBytesMax + 1);

  test("is refused before it reaches the store", async () => {
    const scope = memoryScope();
    const store = await opened(keyValueV2, scope);
    expect(await call(keyValueV2, scope, "[method]store.set", store, "k", tooLarge)).toEqual(
      err("other", `value exceeds limit of ${limits.bufferedBodyBytesMax} bytes`),
    );
    const half = tooLarge.subarray(0, limits.bufferedBodyBytesMax / 2 + 1);
    const pairs = [
      ["a", half],
      ["b", half],
    ];
    expect(await call(batch, scope, "set-many", store, pairs)).toEqual(
      err("other", `values exceed limit of ${limits.bufferedBodyBytesMax} bytes`),
    );
    expect(await call(keyValueV2, scope, "[method]store.get-keys", store)).toEqual(ok([]));
  });

  test("is refused as an answer, alone and in sum", () => {
    const message = `query result exceeds limit of ${limits.bufferedBodyBytesMax} bytes`;
    expect(() => boundedValue(tooLarge)).toThrow(message);
    expect(boundedValue(tooLarge.subarray(1))).toHaveLength(limits.bufferedBodyBytesMax);
    const size = new AnswerSize();
    size.add("key", tooLarge.subarray(100));
    expect(() => size.add("x".repeat(100), undefined)).toThrow(message);
  });
});
