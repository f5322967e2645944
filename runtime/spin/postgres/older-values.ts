import { err, ok, type Result } from "../../instance/host-interface.ts";
import type { PgParameter, PgRowSet, PgType, PgValue } from "./postgres-values.ts";

/** `parameter-value` of rdbms-types; spin:postgres@3.0.0 has dates instead of unsigned integers. */
export type OlderParameter =
  | PgParameter
  | { readonly tag: "uint8" | "uint16" | "uint32"; readonly val: number }
  | { readonly tag: "uint64"; readonly val: bigint };

/** `db-value` of the interfaces before version 4. */
export type OlderValue =
  | Exclude<PgValue, { tag: "unsupported" }>
  | { readonly tag: "unsupported"; readonly val: undefined };

/** `row-set` of the interfaces before version 4, where data types are an enum. */
export interface OlderRowSet {
  readonly columns: readonly { readonly name: string; readonly dataType: string }[];
  readonly rows: readonly (readonly OlderValue[])[];
}

/** Types that each generation of interfaces knows; the others are `other` and `unsupported`. */
const known = {
  rdbms: new Set<string>([
    ...["boolean", "int8", "int16", "int32", "int64", "floating32", "floating64", "str", "binary"],
    "db-null",
  ]),
  v3: new Set<string>([
    ...["boolean", "int8", "int16", "int32", "int64", "floating32", "floating64", "str", "binary"],
    ...["date", "time", "datetime", "timestamp", "db-null"],
  ]),
};

export type OlderGeneration = keyof typeof known;

/** Parameters without unsigned integers, which PostgreSQL lacks. */
export function withoutUnsigned(
  parameters: readonly OlderParameter[],
): Result<PgParameter[], string> {
  const found: PgParameter[] = [];
  for (const parameter of parameters) {
    switch (parameter.tag) {
      case "uint8":
      case "uint16":
      case "uint32":
      case "uint64":
        return err("Postgres does not support unsigned integers");
      default:
        found.push(parameter);
    }
  }
  return ok(found);
}

/** Result of version 4 as an older version has it. */
export function olderRowSet({ columns, rows }: PgRowSet, generation: OlderGeneration): OlderRowSet {
  const names = known[generation];
  return {
    columns: columns.map(({ name, dataType }) => ({ name, dataType: olderType(dataType, names) })),
    rows: rows.map((row) => row.map((value) => olderValue(value, names))),
  };
}

function olderType({ tag }: PgType, names: ReadonlySet<string>): string {
  return names.has(tag) ? tag : "other";
}

function olderValue(value: PgValue, names: ReadonlySet<string>): OlderValue {
  return names.has(value.tag) ? (value as OlderValue) : { tag: "unsupported", val: undefined };
}
