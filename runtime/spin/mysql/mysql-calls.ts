import { errorText } from "../../error.ts";
import { err, ok, type Result } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import { type MysqlAddress, parseMysqlAddress } from "./mysql-address.ts";
import type { MysqlSink } from "./mysql-connection.ts";
import { GuestMysql, type MysqlContext, type MysqlScope } from "./mysql-scope.ts";
import {
  type MysqlColumn,
  type MysqlField,
  type MysqlParameter,
  mysqlParameter,
  mysqlType,
  type MysqlValue,
  mysqlValue,
  mysqlValueSize,
} from "./mysql-values.ts";

/** `error` of rdbms-types and of spin:mysql@3. */
export interface MysqlError {
  readonly tag:
    | "connection-failed"
    | "bad-parameter"
    | "query-failed"
    | "value-conversion-failed"
    | "other";
  readonly val: string;
}

export type MysqlAnswer<T> = Promise<Result<T, MysqlError>>;

export interface MysqlRowSet {
  readonly columns: readonly MysqlColumn[];
  readonly rows: readonly (readonly MysqlValue[])[];
}

/** `connection.open`: asks allowed_outbound_hosts, then takes a connection. */
export async function openConnection(scope: MysqlScope, text: string): MysqlAnswer<GuestMysql> {
  const { mysql, outbound } = scope;
  try {
    const address = parseMysqlAddress(text);
    if (!outbound.allows(address.scheme, address.host, address.port)) {
      return failure("connection-failed", `address ${text} is not permitted`);
    }
    if (!mysql.opens()) return failure("connection-failed", "too many connections");
    const guest = await acquire(mysql, text, address);
    if (!mysql.ended) return ok(guest);
    closeConnection(scope, guest);
    return failure("connection-failed", "the instance has ended");
  } catch (error) {
    return failure("connection-failed", errorText(error));
  }
}

/** The guest dropped a connection. */
export function closeConnection({ mysql }: MysqlScope, guest: GuestMysql): void {
  if (guest.closed) return;
  guest.closed = true;
  mysql.closes();
  guest.lease.release();
  guest.release();
}

/** `connection.execute`. */
export async function execute(
  _: MysqlScope,
  guest: GuestMysql,
  text: string,
  parameters: readonly MysqlParameter[],
): MysqlAnswer<undefined> {
  try {
    await guest.lease.connection.run(text, parameters.map(mysqlParameter), noRows);
    return ok(undefined);
  } catch (error) {
    return failure("query-failed", errorText(error));
  }
}

/** `connection.query`: all rows at once, at most `limits.queryResultBytesMax` of them. */
export async function query(
  _: MysqlScope,
  guest: GuestMysql,
  text: string,
  parameters: readonly MysqlParameter[],
): MysqlAnswer<MysqlRowSet> {
  const sink = new RowReader();
  const rows: MysqlValue[][] = [];
  sink.onRow = (row) => rows.push(row);
  try {
    await guest.lease.connection.run(text, parameters.map(mysqlParameter), sink);
    return ok({ columns: sink.fields, rows });
  } catch (error) {
    return err(queryError(error));
  }
}

/** What the guest gets for an error of a statement or of its rows. */
export function queryError(error: unknown): MysqlError {
  return error instanceof RowError
    ? { tag: error.tag, val: error.message }
    : { tag: "query-failed", val: errorText(error) };
}

class RowError extends Error {
  readonly tag: MysqlError["tag"];

  constructor(tag: MysqlError["tag"], message: string) {
    super(message);
    this.tag = tag;
  }
}

/** Makes WIT values of rows and counts their size. */
export class RowReader implements MysqlSink {
  fields: readonly MysqlColumn[] = [];
  onRow: ((row: MysqlValue[]) => void) | undefined;
  #size = 0;

  columns(fields: readonly MysqlField[]): void {
    this.fields = fields.map((field) => ({ name: field.name, dataType: mysqlType(field) }));
  }

  row(values: readonly unknown[]): void {
    const row = this.fields.map((column, index) => valueOf(values[index], column));
    for (const value of row) this.#size += mysqlValueSize(value);
    if (this.#size > limits.queryResultBytesMax) {
      throw new RowError(
        "other",
        `query result exceeds limit of ${limits.queryResultBytesMax} bytes`,
      );
    }
    this.onRow?.(row);
  }
}

const noRows: MysqlSink = { columns: () => undefined, row: () => undefined };

function valueOf(value: unknown, column: MysqlColumn): MysqlValue {
  try {
    return mysqlValue(value, column);
  } catch (error) {
    throw new RowError("value-conversion-failed", errorText(error));
  }
}

async function acquire(
  mysql: MysqlContext,
  key: string,
  address: MysqlAddress,
): Promise<GuestMysql> {
  const release = await mysql.pools.permit();
  try {
    return new GuestMysql(await mysql.pools.lease(key, address), release);
  } catch (error) {
    mysql.closes();
    release();
    throw error;
  }
}

function failure(tag: MysqlError["tag"], val: string): Result<never, MysqlError> {
  return err<MysqlError>({ tag, val });
}
