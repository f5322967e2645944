import { err, type HostInterface, ok, type StreamSource } from "../../instance/host-interface.ts";
import type { Result } from "../../instance/host-interface.ts";
import {
  buildConnection,
  closeConnection,
  execute,
  openConnection,
  type PgAnswer,
  pgColumns,
  prepare,
  query,
  setCaRoot,
} from "./postgres-calls.ts";
import { type PgError, queryFailed } from "./postgres-error.ts";
import { type GuestPostgres, GuestPostgresBuilder, type PostgresScope } from "./postgres-scope.ts";
import type { PgColumn, PgParameter, PgRow } from "./postgres-values.ts";
import { RowStream } from "./row-stream.ts";

type RowsAndEnd = [PgColumn[], StreamSource<PgRow>, Promise<Result<undefined, PgError>>];

async function queryAsync(
  _: PostgresScope,
  guest: GuestPostgres,
  text: string,
  parameters: readonly PgParameter[],
): PgAnswer<RowsAndEnd> {
  const prepared = prepare(text, parameters, "bad-parameter");
  if (prepared.tag === "err") return prepared;
  const stream = new RowStream(prepared.val.text, prepared.val.values);
  try {
    guest.lease.connection.run(stream.statement).catch(() => undefined);
    const hasRow = await stream.started;
    return ok([hasRow ? pgColumns(guest, stream.fields) : [], stream, stream.end]);
  } catch (error) {
    return err(queryFailed(error));
  }
}

const functions = {
  "[constructor]connection-builder": (_: PostgresScope, address: string): GuestPostgresBuilder =>
    new GuestPostgresBuilder(address),
  "[method]connection-builder.set-ca-root": setCaRoot,
  "[method]connection-builder.build": buildConnection,
  "[method]connection-builder.build-async": buildConnection,
  "[static]connection.open": openConnection,
  "[static]connection.open-async": openConnection,
  "[method]connection.query": query,
  "[method]connection.query-async": queryAsync,
  "[method]connection.execute": execute,
  "[method]connection.execute-async": execute,
};

/** spin:postgres/postgres@4.2.0; serves 4.0.0 and 4.1.0, which have less of it. */
export const postgresV4: HostInterface<PostgresScope> = {
  name: "spin:postgres/postgres",
  version: "4.2.0",
  functions,
  suspending: new Set([
    "[method]connection-builder.build",
    "[static]connection.open",
    "[method]connection.query",
    "[method]connection.execute",
  ]),
  resources: {
    connection: {
      drop: (scope, connection) => closeConnection(scope, connection as GuestPostgres),
    },
    "connection-builder": {},
  },
};
