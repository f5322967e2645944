import { expect, test } from "vitest";
import { storeInterfaces } from "./store-interfaces.ts";

const storeMethods = ["get", "set", "delete", "exists", "get-keys"];
const store = ["[static]store.open", ...storeMethods.map((name) => `[method]store.${name}`)];
const bucketMethods = ["get", "set", "delete", "exists", "list-keys"];
const connection = ["[static]connection.open", "[method]connection.execute"];

/** Functions of the WIT files, by interface. */
const wit: Readonly<Record<string, readonly string[]>> = {
  "fermyon:spin/config": ["get-config"],
  "fermyon:spin/variables@2.0.0": ["get"],
  "spin:variables/variables@3.0.0": ["get"],
  "wasi:config/store@0.2.0-draft-2024-09-27": ["get", "get-all"],
  "fermyon:spin/key-value": ["open", ...storeMethods, "close"],
  "fermyon:spin/key-value@2.0.0": store,
  "spin:key-value/key-value@3.0.0": store,
  "wasi:keyvalue/store@0.2.0-draft2": [
    "open",
    ...bucketMethods.map((name) => `[method]bucket.${name}`),
  ],
  "wasi:keyvalue/atomics@0.2.0-draft2": [
    "[static]cas.new",
    "[method]cas.current",
    "increment",
    "swap",
  ],
  "wasi:keyvalue/batch@0.2.0-draft2": ["get-many", "set-many", "delete-many"],
  "fermyon:spin/sqlite": ["open", "execute", "close"],
  "fermyon:spin/sqlite@2.0.0": connection,
  "spin:sqlite/sqlite@3.1.0": [
    ...connection,
    "[method]connection.changes",
    "[method]connection.last-insert-rowid",
    "[static]connection.open-async",
    "[method]connection.execute-async",
    "[method]connection.changes-async",
    "[method]connection.last-insert-rowid-async",
  ],
  "wasi:otel/tracing@0.2.0-rc.2": ["on-start", "on-end", "outer-span-context"],
  "wasi:otel/metrics@0.2.0-rc.2": ["export"],
  "wasi:otel/logs@0.2.0-rc.2": ["on-emit"],
};

test("each interface has the functions of its WIT, and no others", () => {
  const offered = storeInterfaces.map(({ name, version, functions }) => [
    version === undefined ? name : `${name}@${version}`,
    Object.keys(functions).toSorted(),
  ]);
  const expected = Object.entries(wit).map(([name, functions]) => [name, functions.toSorted()]);
  expect(Object.fromEntries(offered)).toEqual(Object.fromEntries(expected));
});

test.each(storeInterfaces)("$name $version suspends only where it has a function", (each) => {
  expect(Object.keys(each.functions)).toEqual(expect.arrayContaining([...each.suspending]));
});
