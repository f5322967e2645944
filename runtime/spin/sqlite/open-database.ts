import { LibsqlDatabase, type LibsqlOptions } from "./libsql-database.ts";
import { LocalDatabase, type LocalDatabaseOptions } from "./local-database.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";

/** `[sqlite_database.<label>]` of a runtime config. */
export type SqliteDatabaseConfig =
  | ({ readonly type: "spin" } & LocalDatabaseOptions)
  | ({ readonly type: "libsql" } & LibsqlOptions);

/** A database of its kind; it connects with the first use. */
export function openSqliteDatabase(config: SqliteDatabaseConfig): SqliteDatabase {
  return config.type === "spin" ? new LocalDatabase(config) : new LibsqlDatabase(config);
}
