import { err, type HostInterface, ok, type Result } from "../../instance/host-interface.ts";
import {
  type OlderGeneration,
  type OlderParameter,
  olderRowSet,
  type OlderRowSet,
  withoutUnsigned,
} from "./older-values.ts";
import {
  closeConnection,
  execute,
  openConnection,
  type PgAnswer,
  query,
} from "./postgres-calls.ts";
import { errorAsText, type PgErrorText } from "./postgres-error.ts";
import type { GuestPostgres, PostgresScope } from "./postgres-scope.ts";

type OlderAnswer<T> = Promise<Result<T, PgErrorText>>;

async function openOlder(scope: PostgresScope, address: string): OlderAnswer<GuestPostgres> {
  return inText(await openConnection(scope, address));
}

async function executeOlder(
  scope: PostgresScope,
  guest: GuestPostgres,
  text: string,
  parameters: readonly OlderParameter[],
): OlderAnswer<bigint> {
  const values = withoutUnsigned(parameters);
  if (values.tag === "err")
    return err<PgErrorText>({ tag: "value-conversion-failed", val: values.val });
  return inText(await execute(scope, guest, text, values.val));
}

function queryOlder(generation: OlderGeneration) {
  return async (
    scope: PostgresScope,
    guest: GuestPostgres,
    text: string,
    parameters: readonly OlderParameter[],
  ): OlderAnswer<OlderRowSet> => {
    const values = withoutUnsigned(parameters);
    if (values.tag === "err")
      return err<PgErrorText>({ tag: "value-conversion-failed", val: values.val });
    const result = await query(scope, guest, text, values.val);
    return result.tag === "ok"
      ? ok(olderRowSet(result.val, generation))
      : err(errorAsText(result.val));
  };
}

function inText<T>(result: Awaited<PgAnswer<T>>): Result<T, PgErrorText> {
  return result.tag === "ok" ? result : err(errorAsText(result.val));
}

const resources = {
  connection: {
    drop: (scope: PostgresScope, connection: object): void =>
      closeConnection(scope, connection as GuestPostgres),
  },
};

function olderInterface(
  name: string,
  version: string,
  generation: OlderGeneration,
): HostInterface<PostgresScope> {
  const functions = {
    "[static]connection.open": openOlder,
    "[method]connection.query": queryOlder(generation),
    "[method]connection.execute": executeOlder,
  };
  return { name, version, functions, suspending: new Set(Object.keys(functions)), resources };
}

/** fermyon:spin/postgres@2.0.0. */
export const postgresV2: HostInterface<PostgresScope> = olderInterface(
  "fermyon:spin/postgres",
  "2.0.0",
  "rdbms",
);

/** spin:postgres/postgres@3.0.0. */
export const postgresV3: HostInterface<PostgresScope> = olderInterface(
  "spin:postgres/postgres",
  "3.0.0",
  "v3",
);

/** `pg-error` of fermyon:spin/postgres without a version. */
interface PgErrorV1 {
  readonly tag: Exclude<PgErrorText["tag"], "other"> | "other-error";
  readonly val: string;
}

/** Each call names its server. */
async function once<T>(
  scope: PostgresScope,
  address: string,
  use: (guest: GuestPostgres) => OlderAnswer<T>,
): Promise<Result<T, PgErrorV1>> {
  const opened = await openOlder(scope, address);
  if (opened.tag === "err") return err(errorV1(opened.val));
  const result = await use(opened.val);
  closeConnection(scope, opened.val);
  return result.tag === "ok" ? result : err(errorV1(result.val));
}

function errorV1({ tag, val }: PgErrorText): PgErrorV1 {
  return { tag: tag === "other" ? "other-error" : tag, val };
}

const queryV1 = queryOlder("rdbms");

const functionsV1 = {
  query: (
    scope: PostgresScope,
    address: string,
    ...args: [text: string, parameters: readonly OlderParameter[]]
  ): Promise<Result<OlderRowSet, PgErrorV1>> =>
    once(scope, address, (guest) => queryV1(scope, guest, ...args)),
  execute: (
    scope: PostgresScope,
    address: string,
    ...args: [text: string, parameters: readonly OlderParameter[]]
  ): Promise<Result<bigint, PgErrorV1>> =>
    once(scope, address, (guest) => executeOlder(scope, guest, ...args)),
};

/** fermyon:spin/postgres of Spin 1, without a version. */
export const postgresV1: HostInterface<PostgresScope> = {
  name: "fermyon:spin/postgres",
  version: undefined,
  functions: functionsV1,
  suspending: new Set(Object.keys(functionsV1)),
  resources: {},
};
