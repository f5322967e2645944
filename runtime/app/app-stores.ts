import { WhorlError } from "../error.ts";
import { KeyValueContext, type KeyValueScope } from "../spin/key-value/key-value-scope.ts";
import type { KeyValueStore } from "../spin/key-value/key-value-store.ts";
import { openKeyValueStore } from "../spin/key-value/open-store.ts";
import { openSqliteDatabase } from "../spin/sqlite/open-database.ts";
import type { SqliteDatabase } from "../spin/sqlite/sqlite-database.ts";
import { SqliteContext, type SqliteScope } from "../spin/sqlite/sqlite-scope.ts";
import { Refusals } from "./refusals.ts";
import type { RuntimeConfig } from "./runtime-config.ts";

/** What a component says about the stores that it uses. */
export interface StoreLabels {
  readonly id: string;
  readonly keyValueStores: readonly string[];
  readonly sqliteDatabases: readonly string[];
}

/**
 * The stores and databases of one app, as its runtime config says: shared by all instances of all
 * its components, reachable for no other app.
 */
export class AppStores implements AsyncDisposable {
  readonly #keyValueStores: ReadonlyMap<string, KeyValueStore>;
  readonly #sqliteDatabases: ReadonlyMap<string, SqliteDatabase>;
  readonly #warn: (message: string) => void;

  /** Nothing is opened yet. `warn` gets a line for each failure of a store. */
  constructor(
    config: Pick<RuntimeConfig, "keyValueStores" | "sqliteDatabases">,
    warn: (message: string) => void,
  ) {
    this.#keyValueStores = new Map(
      [...config.keyValueStores].map(([label, each]) => [label, openKeyValueStore(label, each)]),
    );
    this.#sqliteDatabases = new Map(
      [...config.sqliteDatabases].map(([label, each]) => [label, openSqliteDatabase(each)]),
    );
    this.#warn = warn;
  }

  /** @throws WhorlError `manifest` if a component names a store or database that is not there. */
  checkLabels(components: Iterable<StoreLabels>): void {
    const problems: string[] = [];
    for (const { id, keyValueStores, sqliteDatabases } of components) {
      for (const label of keyValueStores) {
        if (this.#keyValueStores.has(label)) continue;
        problems.push(
          `unknown key_value_stores label "${label}" for component "${id}"; define ` +
            `[key_value_store.${label}] in the runtime config`,
        );
      }
      for (const label of sqliteDatabases) {
        if (this.#sqliteDatabases.has(label)) continue;
        problems.push(
          `unknown sqlite_databases label "${label}" for component "${id}"; define ` +
            `[sqlite_database.${label}] in the runtime config`,
        );
      }
    }
    if (problems.length > 0) throw new WhorlError("manifest", problems.join("\n"));
  }

  /** Makes what one instance of a component has open: call the result for each instance. */
  scopes(component: StoreLabels): () => KeyValueScope & SqliteScope {
    const refusals = new Refusals(component.id, this.#warn);
    const keyValueAccess = {
      allowed: refusals.names("key_value_stores", component.keyValueStores),
      stores: this.#keyValueStores,
      warn: this.#warn,
    };
    const sqliteAccess = {
      allowed: refusals.names("sqlite_databases", component.sqliteDatabases),
      databases: this.#sqliteDatabases,
      warn: this.#warn,
    };
    return () => ({
      keyValue: new KeyValueContext(keyValueAccess),
      sqlite: new SqliteContext(sqliteAccess),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#keyValueStores.values(), ...this.#sqliteDatabases.values()];
    await Promise.all(all.map((each) => each[Symbol.asyncDispose]()));
  }
}
