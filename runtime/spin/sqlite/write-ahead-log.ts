import type { DatabaseSync } from "node:sqlite";

/**
 * Lets readers go on while somebody writes. The file remembers it. False where it cannot be had:
 * in memory, in files that are read-only, on some network file systems.
 */
export function enableWriteAheadLog(database: DatabaseSync): boolean {
  try {
    return database.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"] === "wal";
  } catch {
    return false;
  }
}
