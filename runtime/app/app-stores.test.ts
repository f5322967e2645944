import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { keyValueV2 } from "../spin/key-value/key-value-v2.ts";
import type { KeyValueScope, StoreHandle } from "../spin/key-value/key-value-scope.ts";
import { parseRuntimeConfig } from "./load-runtime-config.ts";
import { AppStores } from "./app-stores.ts";

function storesIn(folder: string): AppStores {
  const directories = { workingDirectory: folder, appDirectory: folder };
  return new AppStores(parseRuntimeConfig("", undefined, directories), () => undefined);
}

const web = { id: "web", keyValueStores: ["default"], sqliteDatabases: ["default"] };

function open(scope: KeyValueScope): StoreHandle {
  const result = keyValueV2.functions["[static]store.open"]?.(scope, "default") as {
    val: StoreHandle;
  };
  return result.val;
}

test("labels that nobody defined are refused before the start", async () => {
  await using stores = storesIn("/nowhere");
  stores.checkLabels([web]);
  const wrong = { id: "api", keyValueStores: ["cache"], sqliteDatabases: ["orders"] };
  expect(() => stores.checkLabels([web, wrong])).toThrow(
    'unknown key_value_stores label "cache" for component "api"; define [key_value_store.cache] in the runtime config\n' +
      'unknown sqlite_databases label "orders" for component "api"; define [sqlite_database.orders] in the runtime config',
  );
});

test("components of an app share a store, apps do not", async () => {
  const folder = mkdtempSync(join(tmpdir(), "whorl-apps-"));
  {
    await using one = storesIn(join(folder, "one"));
    await using two = storesIn(join(folder, "two"));
    const first = one.scopes(web);
    await open(first()).store.set("k", Uint8Array.of(1));
    expect(await open(first()).store.get("k")).toEqual(Uint8Array.of(1));
    expect(await open(one.scopes({ ...web, id: "api" })()).store.get("k")).toEqual(
      Uint8Array.of(1),
    );
    expect(await open(two.scopes(web)()).store.get("k")).toBeUndefined();
  }
  rmSync(folder, { recursive: true });
});

test("a component without a label gets nothing", async () => {
  await using stores = storesIn("/nowhere");
  const scope = stores.scopes({ id: "web", keyValueStores: [], sqliteDatabases: [] })();
  expect(scope.keyValue.open("default")).toBe("access-denied");
  expect(scope.sqlite.find("default")).toBe("access-denied");
});
