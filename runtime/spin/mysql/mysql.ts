import {
  err,
  type HostInterface,
  ok,
  type Result,
  type StreamSource,
} from "../../instance/host-interface.ts";
import {
  closeConnection,
  execute,
  type MysqlAnswer,
  type MysqlError,
  type MysqlRowSet,
  openConnection,
  query,
} from "./mysql-calls.ts";
import { MysqlRowStream } from "./mysql-row-stream.ts";
import type { GuestMysql, MysqlScope } from "./mysql-scope.ts";
import type { MysqlColumn, MysqlParameter, MysqlValue } from "./mysql-values.ts";

const resources = {
  connection: {
    drop: (scope: MysqlScope, connection: object): void =>
      closeConnection(scope, connection as GuestMysql),
  },
};

const functions = {
  "[static]connection.open": openConnection,
  "[method]connection.query": query,
  "[method]connection.execute": execute,
};

/** fermyon:spin/mysql@2.0.0. */
export const mysqlV2: HostInterface<MysqlScope> = {
  name: "fermyon:spin/mysql",
  version: "2.0.0",
  functions,
  suspending: new Set(Object.keys(functions)),
  resources,
};

type RowsAndEnd = [
  readonly MysqlColumn[],
  StreamSource<MysqlValue[]>,
  Promise<Result<undefined, MysqlError>>,
];

async function queryStream(
  _: MysqlScope,
  guest: GuestMysql,
  text: string,
  parameters: readonly MysqlParameter[],
): MysqlAnswer<RowsAndEnd> {
  const stream = new MysqlRowStream(guest.lease.connection, text, parameters);
  const failure = await stream.started;
  return failure === undefined ? ok([stream.columnList, stream, stream.end]) : err(failure);
}

/** spin:mysql/mysql@3.0.0: async, with the rows as a stream. */
export const mysqlV3: HostInterface<MysqlScope> = {
  name: "spin:mysql/mysql",
  version: "3.0.0",
  functions: { ...functions, "[method]connection.query": queryStream },
  suspending: new Set(),
  resources,
};

/** `mysql-error` of fermyon:spin/mysql without a version. */
interface MysqlErrorV1 {
  readonly tag: Exclude<MysqlError["tag"], "other"> | "other-error";
  readonly val: string;
}

/** Each call names its server. */
async function once<T>(
  scope: MysqlScope,
  address: string,
  use: (guest: GuestMysql) => MysqlAnswer<T>,
): Promise<Result<T, MysqlErrorV1>> {
  const opened = await openConnection(scope, address);
  if (opened.tag === "err") return err(errorV1(opened.val));
  const result = await use(opened.val);
  closeConnection(scope, opened.val);
  return result.tag === "ok" ? result : err(errorV1(result.val));
}

function errorV1({ tag, val }: MysqlError): MysqlErrorV1 {
  return { tag: tag === "other" ? "other-error" : tag, val };
}

type StatementV1 = [text: string, parameters: readonly MysqlParameter[]];

const functionsV1 = {
  query: (
    scope: MysqlScope,
    address: string,
    ...args: StatementV1
  ): Promise<Result<MysqlRowSet, MysqlErrorV1>> =>
    once(scope, address, (guest) => query(scope, guest, ...args)),
  execute: (
    scope: MysqlScope,
    address: string,
    ...args: StatementV1
  ): Promise<Result<undefined, MysqlErrorV1>> =>
    once(scope, address, (guest) => execute(scope, guest, ...args)),
};

/** fermyon:spin/mysql of Spin 1, without a version. */
export const mysqlV1: HostInterface<MysqlScope> = {
  name: "fermyon:spin/mysql",
  version: undefined,
  functions: functionsV1,
  suspending: new Set(Object.keys(functionsV1)),
  resources: {},
};
