import { isAbsolute, join } from "node:path";
import type { KeyValueStoreConfig } from "../spin/key-value/open-store.ts";
import type { SqliteDatabaseConfig } from "../spin/sqlite/open-database.ts";
import type { ConfigTable } from "./runtime-config-table.ts";

/** Directories that relative paths of a runtime config start from; absolute themselves. */
export interface ConfigDirectories {
  /** Of the runtime config; undefined without one. */
  readonly config: string | undefined;
  /** Of the process. */
  readonly working: string;
  /** Undefined: no files, everything in memory. */
  readonly state: string | undefined;
}

/** Reads `[key_value_store.<label>]`; `default` is added where it is missing. */
export function readKeyValueStores(
  root: ConfigTable,
  directories: ConfigDirectories,
): ReadonlyMap<string, KeyValueStoreConfig> {
  const path = directories.state && join(directories.state, "sqlite_key_value.db");
  const stores = new Map<string, KeyValueStoreConfig>([["default", { type: "spin", path }]]);
  const tables = root.table("key_value_store");
  for (const [label] of tables?.entries() ?? []) {
    const table = tables?.table(label);
    const store = table && readKeyValueStore(table, directories);
    table?.finish();
    if (store !== undefined) stores.set(label, store);
  }
  return stores;
}

const storeTypes = ["spin", "redis", "azure_cosmos", "aws_dynamo"] as const;

function readKeyValueStore(
  table: ConfigTable,
  directories: ConfigDirectories,
): KeyValueStoreConfig | undefined {
  const type = table.choice("type", storeTypes);
  switch (type) {
    case "spin": {
      const path = table.optionalText("path");
      return { type, path: path && absolutePath(path, directories.config ?? directories.working) };
    }
    case "redis": {
      const url = table.text("url");
      return url === undefined || !isUrl(table, url, ["redis:", "rediss:"])
        ? undefined
        : { type, url };
    }
    case "azure_cosmos":
      return readCosmos(table);
    case "aws_dynamo":
      return readDynamo(table);
    case undefined:
      askForAll(table);
      return undefined;
  }
}

/** So that the keys of a table of no known type are not reported besides. */
function askForAll(table: ConfigTable): void {
  for (const [key] of table.entries()) table.has(key);
}

function readCosmos(table: ConfigTable): KeyValueStoreConfig | undefined {
  const key = table.optionalText("key");
  const account = table.text("account");
  const database = table.text("database");
  const container = table.text("container");
  if (account === undefined || database === undefined || container === undefined) return undefined;
  if (!/^[a-z0-9-]+$/.test(account)) {
    table.fail(`account is "${account}"; it has to be the name alone, without a domain`, "account");
    return undefined;
  }
  return { type: "azure_cosmos", key, account, database, container };
}

function readDynamo(table: ConfigTable): KeyValueStoreConfig | undefined {
  const accessKey = table.optionalText("access_key");
  const secretKey = table.optionalText("secret_key");
  const token = table.optionalText("token");
  const consistentRead = table.flag("consistent_read") ?? false;
  const region = table.text("region");
  const name = table.text("table");
  if ((accessKey === undefined) !== (secretKey === undefined)) {
    table.fail(
      `${table.name} has only one of access_key and secret_key; write both, or none for the ` +
        "credentials of the environment",
    );
  }
  if (region === undefined || name === undefined) return undefined;
  const credentials =
    accessKey === undefined || secretKey === undefined
      ? undefined
      : { accessKey, secretKey, token };
  return { type: "aws_dynamo", region, table: name, consistentRead, credentials };
}

/** Reads `[sqlite_database.<label>]`; `default` is added where it is missing. */
export function readSqliteDatabases(
  root: ConfigTable,
  directories: ConfigDirectories,
): ReadonlyMap<string, SqliteDatabaseConfig> {
  const path = directories.state && join(directories.state, "sqlite_db.db");
  const databases = new Map<string, SqliteDatabaseConfig>([
    ["default", { type: "spin", path, allowAttachFile: false }],
  ]);
  const tables = root.table("sqlite_database");
  for (const [label] of tables?.entries() ?? []) {
    const table = tables?.table(label);
    const database = table && readSqliteDatabase(table, directories);
    table?.finish();
    if (database !== undefined) databases.set(label, database);
  }
  return databases;
}

function readSqliteDatabase(
  table: ConfigTable,
  directories: ConfigDirectories,
): SqliteDatabaseConfig | undefined {
  const type = table.choice("type", ["spin", "libsql"] as const);
  switch (type) {
    case "spin": {
      const path = table.optionalText("path");
      const allowAttachFile = table.flag("allow_attach_file") ?? false;
      return { type, path: path && absolutePath(path, directories.working), allowAttachFile };
    }
    case "libsql": {
      const url = table.text("url");
      const token = table.text("token");
      if (url === undefined || token === undefined) return undefined;
      return isUrl(table, url, ["http:", "https:"]) ? { type, url, token } : undefined;
    }
    case undefined:
      askForAll(table);
      return undefined;
  }
}

/** Reports a url that is none, or of another scheme. */
export function isUrl(table: ConfigTable, url: string, schemes: readonly string[]): boolean {
  const scheme = URL.canParse(url) ? new URL(url).protocol : undefined;
  if (scheme !== undefined && schemes.includes(scheme)) return true;
  // Not the url itself: it may have a password.
  const wanted = schemes.map((each) => `${each}//`).join(" or ");
  table.fail(`the url in ${table.name} has to start with ${wanted} and name a host`, "url");
  return false;
}

/** A path of a config as an absolute one. */
export function absolutePath(path: string, directory: string): string {
  return isAbsolute(path) ? path : join(directory, path);
}
