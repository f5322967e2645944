import { X509Certificate } from "node:crypto";
import type { FieldDef } from "pg";
import { errorText } from "../../error.ts";
import { err, ok, type Result } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import type { Awaitable } from "../key-value/key-value-store.ts";
import type { Release } from "../network/permits.ts";
import type { OutboundScope } from "../outbound-scope.ts";
import { pgTypeOf, pgValueOf } from "./binary-value.ts";
import { parameterText } from "./parameter-text.ts";
import type { PostgresAddress } from "./postgres-address.ts";
import { type PgError, queryFailed } from "./postgres-error.ts";
import { GuestPostgres, type GuestPostgresBuilder, type PostgresScope } from "./postgres-scope.ts";
import type { PostgresTarget } from "./postgres-connection.ts";
import { PostgresStatement, type RowSink } from "./postgres-statement.ts";
import {
  type PgColumn,
  type PgParameter,
  type PgRow,
  type PgRowSet,
  pgValueSize,
} from "./postgres-values.ts";

export type PgAnswer<T> = Promise<Result<T, PgError>>;

/** What the protocol can count. */
const parametersMax = 65_535;

/** `connection.open`: asks allowed_outbound_hosts for each host, then takes a connection. */
export function openConnection(
  scope: PostgresScope,
  address: string,
): Awaitable<Result<GuestPostgres, PgError>> {
  return openWith(scope, address, undefined);
}

/** `connection-builder.build`. */
export function buildConnection(
  scope: PostgresScope,
  builder: GuestPostgresBuilder,
): Awaitable<Result<GuestPostgres, PgError>> {
  return openWith(scope, builder.address, builder.caRoot);
}

/** `connection-builder.set-ca-root`. */
export function setCaRoot(
  _: PostgresScope,
  builder: GuestPostgresBuilder,
  certificate: string,
): Result<undefined, PgError> {
  try {
    void new X509Certificate(certificate);
  } catch (error) {
    return err({ tag: "other", val: `invalid root certificate: ${errorText(error)}` });
  }
  builder.caRoot = certificate;
  return ok(undefined);
}

/** The guest dropped a connection. */
export function closeConnection({ postgres }: PostgresScope, guest: GuestPostgres): void {
  if (guest.closed) return;
  guest.closed = true;
  postgres.closes();
  guest.lease.release();
  guest.release();
}

/** `connection.execute`: how many rows were concerned. */
export async function execute(
  _: PostgresScope,
  guest: GuestPostgres,
  text: string,
  parameters: readonly PgParameter[],
): PgAnswer<bigint> {
  const prepared = prepare(text, parameters, "value-conversion-failed");
  if (prepared.tag === "err") return prepared;
  const statement = new PostgresStatement(prepared.val, noRows);
  try {
    return ok(BigInt(await guest.lease.connection.run(statement)));
  } catch (error) {
    return err(queryFailed(error));
  }
}

/** `connection.query`: all rows at once, at most `limits.queryResultBytesMax` of them. */
export async function query(
  _: PostgresScope,
  guest: GuestPostgres,
  text: string,
  parameters: readonly PgParameter[],
): PgAnswer<PgRowSet> {
  const prepared = prepare(text, parameters, "bad-parameter");
  if (prepared.tag === "err") return prepared;
  const sink = new RowCollector();
  const { connection } = guest.lease;
  try {
    await connection.run(new PostgresStatement(prepared.val, sink));
    if (sink.rows.length === 0) return ok({ columns: [], rows: [] });
    if (connection.typeNames.lacks(sink.fields)) {
      await connection.typeNames.learn(connection, sink.fields);
    }
    return ok({ columns: pgColumns(guest, sink.fields), rows: sink.rows });
  } catch (error) {
    return err(queryFailed(error));
  }
}

/** Statement and parameters as the protocol takes them, or why that is not possible. */
export function prepare(
  text: string,
  parameters: readonly PgParameter[],
  tag: "bad-parameter" | "value-conversion-failed",
): Result<{ text: string; values: (string | Buffer | null)[] }, PgError> {
  if (text.includes("\0")) return err(queryFailed(new Error("the statement has a null in it")));
  if (parameters.length > parametersMax) {
    return err({ tag, val: `${parameters.length} parameters; at most ${parametersMax}` });
  }
  try {
    return ok({ text, values: parameters.map(parameterText) });
  } catch (error) {
    return err({ tag, val: errorText(error) });
  }
}

export function pgColumns(guest: GuestPostgres, fields: readonly FieldDef[]): PgColumn[] {
  const { typeNames } = guest.lease.connection;
  const nameOf = (oid: number): string => typeNames.nameOf(oid);
  return fields.map(({ name, dataTypeID }) => ({ name, dataType: pgTypeOf(dataTypeID, nameOf) }));
}

/** The values of one row. Throws for what WIT cannot express. */
export function pgRow(fields: readonly FieldDef[], values: readonly (Buffer | null)[]): PgRow {
  return values.map((value, index) => pgValueOf(fields[index]?.dataTypeID ?? 0, value));
}

/** Memory of one row. Throws beyond `limits.queryResultBytesMax`, together with what was `before`. */
export function pgRowSize(row: PgRow, before = 0): number {
  let size = before;
  for (const value of row) size += pgValueSize(value);
  if (size <= limits.queryResultBytesMax) return size;
  throw new Error(`query result exceeds limit of ${limits.queryResultBytesMax} bytes`);
}

const noRows: RowSink = { columns: () => undefined, row: () => undefined };

class RowCollector implements RowSink {
  fields: readonly FieldDef[] = [];
  rows: PgRow[] = [];
  #size = 0;

  columns(fields: readonly FieldDef[]): void {
    this.fields = fields;
  }

  row(values: readonly (Buffer | null)[]): void {
    const row = pgRow(this.fields, values);
    try {
      this.#size = pgRowSize(row, this.#size);
    } catch (error) {
      this.rows = [];
      throw error;
    }
    this.rows.push(row);
  }
}

/** Where a connection is idle, the guest need not wait. */
function openWith(
  scope: PostgresScope,
  text: string,
  caRoot: string | undefined,
): Awaitable<Result<GuestPostgres, PgError>> {
  const { pools } = scope.postgres;
  try {
    const address = pools.addresses.get(text);
    const refusal = refusalOf(scope, address);
    if (refusal !== undefined) return connectionFailed(refusal);
    if (!scope.postgres.opens()) return connectionFailed("too many connections");
    const permit = pools.permit();
    const target = { address, caRoot };
    const idle = permit instanceof Promise ? undefined : pools.idle(text, target);
    if (idle === undefined || permit instanceof Promise) {
      return connect(scope, text, target, permit);
    }
    return ok(new GuestPostgres(idle, permit));
  } catch (error) {
    return connectionFailed(errorText(error));
  }
}

async function connect(
  scope: PostgresScope,
  key: string,
  target: PostgresTarget,
  permit: Release | Promise<Release>,
): PgAnswer<GuestPostgres> {
  const { postgres } = scope;
  const release = await permit;
  let guest: GuestPostgres;
  try {
    guest = new GuestPostgres(await postgres.pools.lease(key, target), release);
  } catch (error) {
    postgres.closes();
    release();
    return connectionFailed(errorText(error));
  }
  if (!postgres.ended) return ok(guest);
  closeConnection(scope, guest);
  return connectionFailed("the instance has ended");
}

/** Why the guest may not have this address. */
function refusalOf({ outbound }: OutboundScope, address: PostgresAddress): string | undefined {
  for (const { host, port } of address.hosts) {
    if (host.startsWith("/")) return "Unix sockets are not supported on WebAssembly";
    if (!outbound.allows("postgres", host, port)) {
      return `address postgres://${host}${port === undefined ? "" : `:${port}`} is not permitted`;
    }
  }
  return undefined;
}

function connectionFailed(val: string): Result<never, PgError> {
  return err<PgError>({ tag: "connection-failed", val });
}
