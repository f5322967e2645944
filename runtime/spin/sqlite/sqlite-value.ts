import type { SqliteValue } from "./sqlite-database.ts";

/** A value as drivers of SQLite take it, and give it back. */
export type PlainValue = bigint | number | string | Uint8Array | null;

/** What a driver takes. */
export function plainValue(value: SqliteValue): PlainValue {
  return value.tag === "null" ? null : value.val;
}

/** What a guest gets. */
export function sqliteValue(value: PlainValue | ArrayBuffer): SqliteValue {
  if (value === null) return { tag: "null" };
  switch (typeof value) {
    case "bigint":
      return { tag: "integer", val: value };
    case "number":
      return { tag: "real", val: value };
    case "string":
      return { tag: "text", val: value };
    default:
      return { tag: "blob", val: value instanceof Uint8Array ? value : new Uint8Array(value) };
  }
}
