import { DatabaseError } from "pg";
import { errorText } from "../../error.ts";

/** `db-error` of spin:postgres@4. */
export interface PgDbError {
  readonly asText: string;
  readonly severity: string;
  readonly code: string;
  readonly message: string;
  readonly detail: string | undefined;
  readonly extras: readonly (readonly [string, string])[];
}

export type PgQueryError =
  | { readonly tag: "text"; readonly val: string }
  | { readonly tag: "db-error"; readonly val: PgDbError };

/** `error` of spin:postgres@4. */
export type PgError =
  | { readonly tag: "connection-failed"; readonly val: string }
  | { readonly tag: "bad-parameter"; readonly val: string }
  | { readonly tag: "query-failed"; readonly val: PgQueryError }
  | { readonly tag: "value-conversion-failed"; readonly val: string }
  | { readonly tag: "other"; readonly val: string };

/** `error` of the interfaces before version 4, whose errors are all text. */
export interface PgErrorText {
  readonly tag: PgError["tag"];
  readonly val: string;
}

/** What a statement failed with: everything that the server told, where it was the server. */
export function queryFailed(error: unknown): PgError {
  return { tag: "query-failed", val: queryError(error) };
}

/** The same error with all its text in one. */
export function errorAsText(error: PgError): PgErrorText {
  if (error.tag !== "query-failed") return error;
  const { val } = error;
  return { tag: error.tag, val: val.tag === "text" ? val.val : val.val.asText };
}

function queryError(error: unknown): PgQueryError {
  if (!(error instanceof DatabaseError)) return { tag: "text", val: errorText(error) };
  const { severity = "ERROR", code = "XX000", message, detail } = error;
  return {
    tag: "db-error",
    val: {
      asText:
        `${severity}: ${message} (SQLSTATE ${code})` +
        `${detail === undefined ? "" : `; ${detail}`}`,
      severity,
      code,
      message,
      detail,
      extras: extrasOf(error),
    },
  };
}

function extrasOf(error: DatabaseError): [string, string][] {
  const { column, constraint, routine, hint, table, dataType, schema, file, line, where } = error;
  const extras: [string, string | undefined][] = [
    ["column", column],
    ["constraint", constraint],
    ["routine", routine],
    ["hint", hint],
    ["table", table],
    ["datatype", dataType],
    ["schema", schema],
    ["file", file],
    ["line", line],
    ["where_", where],
  ];
  return extras.filter((extra): extra is [string, string] => extra[1] !== undefined);
}
