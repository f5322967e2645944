import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { byNamespace } from "./index-functions.ts";
import { type KubeObject, controllerOf, keyText, parseKey } from "./object.ts";
import { ObjectStore } from "./object-store.ts";
import { stripForCache, stripToMetadata } from "./strip.ts";

function object(
  name: string,
  resourceVersion: string,
  more: Partial<KubeObject["metadata"]> = {},
): KubeObject {
  return { metadata: { name, namespace: "n", uid: `uid-${name}`, resourceVersion, ...more } };
}

describe("replace", () => {
  test.each([
    { name: "the same version is no change", next: [object("a", "1")], told: [] },
    { name: "a new version is an update", next: [object("a", "2")], told: ["updated a"] },
    { name: "missing is deleted", next: [], told: ["deleted a"] },
    {
      name: "one that was made anew is both",
      next: [object("a", "9", { uid: "another" })],
      told: ["deleted a", "added a"],
    },
    {
      name: "deletions come first",
      next: [object("b", "1")],
      told: ["deleted a", "added b"],
    },
  ])("$name", ({ next, told }) => {
    const store = new ObjectStore();
    store.put(object("a", "1"));
    const changes = store.replace(next);
    expect(changes.map((change) => `${change.kind} ${change.object.metadata.name}`)).toEqual(told);
    expect(store.list()).toEqual(next.map(({ metadata }) => store.get(keyText(metadata))));
    expect(store.size).toBe(next.length);
  });
});

test("indexes are in step with any sequence of writes", () => {
  const names = fc.constantFrom("a", "b", "c");
  const write = fc.record({ name: names, label: fc.constantFrom("x", "y"), remove: fc.boolean() });
  fc.assert(
    fc.property(fc.array(write), (writes) => {
      const store = new ObjectStore();
      store.addIndex("label", ({ metadata }) => Object.values(metadata.labels ?? {}));
      writes.forEach(({ name, label, remove }, index) => {
        if (remove) store.remove(`n/${name}`);
        else store.put(object(name, String(index), { labels: { l: label } }));
      });
      for (const value of ["x", "y"]) {
        const scanned = store.list().filter(({ metadata }) => metadata.labels?.["l"] === value);
        expect(new Set(store.byIndex("label", value))).toEqual(new Set(scanned));
        expect(store.indexValues("label").includes(value)).toBe(scanned.length > 0);
      }
    }),
  );
});

test("an index that is added late knows what is stored; an unknown one is an error", () => {
  const store = new ObjectStore();
  store.put(object("a", "1", { ownerReferences: [owner("u1"), owner("u2", true)] }));
  store.addIndex("owner", ({ metadata }) => metadata.ownerReferences?.map(({ uid }) => uid) ?? []);
  store.addIndex("namespace", byNamespace);
  expect(store.byIndex("owner", "u2")).toHaveLength(1);
  expect(store.byIndex("namespace", "n")).toHaveLength(1);
  expect(store.byIndex("namespace", "m")).toEqual([]);
  expect(() => store.byIndex("other", "x")).toThrow(/no index called "other"/);
});

test("deletion tells the last state where the server sent it", () => {
  const store = new ObjectStore();
  store.put(object("a", "1"));
  const last = object("a", "2");
  expect(store.remove("n/a", last)).toEqual({ kind: "deleted", object: last });
  expect(store.remove("n/a", last)).toBeUndefined();
});

test("controllerOf finds the one that controls", () => {
  const owned = object("a", "1", { ownerReferences: [owner("u1"), owner("u2", true)] });
  expect(controllerOf(owned)?.uid).toBe("u2");
  expect(controllerOf(object("a", "1"))).toBeUndefined();
});

test.each(["name", "namespace/name"])("key %s", (text) => {
  expect(keyText(parseKey(text))).toBe(text);
});

test("stripping keeps everything but managedFields and kubectl's copy", () => {
  const annotations = { keep: "1", "kubectl.kubernetes.io/last-applied-configuration": "{}" };
  const full = { ...object("a", "1", { annotations, managedFields: [{}] }), kind: "K", spec: 1 };
  expect(stripForCache(full)).toEqual({
    ...object("a", "1", { annotations: { keep: "1" } }),
    kind: "K",
    spec: 1,
  });
  expect(stripToMetadata(full)).toEqual({
    ...object("a", "1", { annotations: { keep: "1" } }),
    kind: "K",
  });
  const bare = object("a", "1");
  expect(stripForCache(bare)).toEqual(bare);
});

function owner(
  uid: string,
  controller = false,
): NonNullable<KubeObject["metadata"]["ownerReferences"]>[number] {
  return { apiVersion: "v1", kind: "K", name: "o", uid, controller };
}
