import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { HttpService, type ServiceAnswer, type ServiceRequest } from "./http-service.ts";
import { serverFolder } from "./restartable-server.ts";

export interface LibsqlServer extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
}

interface Stmt {
  readonly sql?: string;
  readonly sql_id?: number;
  readonly args?: readonly Value[];
}

interface Value {
  readonly type: "null" | "integer" | "float" | "text" | "blob";
  readonly value?: string | number;
  readonly base64?: string;
}

type Condition =
  | { readonly type: "ok" | "error"; readonly step: number }
  | { readonly type: "not"; readonly cond: Condition }
  | { readonly type: "and" | "or"; readonly conds: readonly Condition[] }
  | { readonly type: "is_autocommit" };

interface StreamRequest {
  readonly type: string;
  readonly stmt?: Stmt;
  readonly sql?: string;
  readonly sql_id?: number;
  readonly batch?: { readonly steps: readonly { condition?: Condition | null; stmt: Stmt }[] };
}

/** One connection of a client, kept under its baton. */
interface Stream {
  readonly database: DatabaseSync;
  readonly texts: Map<number, string>;
}

/**
 * Speaks the part of libSQL's HTTP protocol (Hrana 2 and 3 with JSON, `POST /v2/pipeline`) that
 * runs statements and batches, over a SQLite file: libSQL's own server is no package.
 */
export async function startLibsql(): Promise<LibsqlServer> {
  const folder = serverFolder();
  const streams = new Map<string, Stream>();
  const token = "test-token";
  let batons = 0;
  const service = await HttpService.start((request) => {
    if (request.header("authorization") !== `Bearer ${token}`) {
      return { status: 401, body: { message: "no valid token" } };
    }
    if (!/^\/v[23]\/pipeline$/.test(request.path)) {
      return { status: /^\/v[23]$/.test(request.path) ? 200 : 404, body: {} };
    }
    return pipeline(request, streams, () => ({
      baton: `baton-${++batons}`,
      database: new DatabaseSync(join(folder, "libsql.db")),
    }));
  });
  return {
    url: service.url,
    token,
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      for (const { database } of streams.values()) database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function pipeline(
  request: ServiceRequest,
  streams: Map<string, Stream>,
  open: () => { baton: string; database: DatabaseSync },
): ServiceAnswer {
  const { baton: known, requests } = request.body as {
    baton?: string | null;
    requests: StreamRequest[];
  };
  let baton = known ?? undefined;
  if (baton === undefined) {
    const opened = open();
    opened.database.exec("PRAGMA journal_mode = WAL");
    baton = opened.baton;
    streams.set(baton, { database: opened.database, texts: new Map() });
  }
  const stream = streams.get(baton);
  if (stream === undefined) return { status: 400, body: { message: "the baton is unknown" } };
  let isOpen = true;
  const results = requests.map((each) => {
    if (each.type === "close") isOpen = false;
    return result(stream, each);
  });
  if (!isOpen) {
    stream.database.close();
    streams.delete(baton);
  }
  return { status: 200, body: { baton: isOpen ? baton : null, base_url: null, results } };
}

function result(stream: Stream, request: StreamRequest): object {
  try {
    return { type: "ok", response: { type: request.type, ...response(stream, request) } };
  } catch (error) {
    return { type: "error", error: wireError(error) };
  }
}

function response(stream: Stream, request: StreamRequest): object {
  switch (request.type) {
    case "execute":
      return { result: execute(stream, request.stmt ?? {}) };
    case "batch":
      return { result: batch(stream, request.batch?.steps ?? []) };
    case "store_sql":
      stream.texts.set(request.sql_id ?? 0, request.sql ?? "");
      return {};
    case "close_sql":
      stream.texts.delete(request.sql_id ?? 0);
      return {};
    case "get_autocommit":
      return { is_autocommit: !stream.database.isTransaction };
    default:
      return {};
  }
}

function batch(
  stream: Stream,
  steps: readonly { condition?: Condition | null; stmt: Stmt }[],
): object {
  const results: (object | null)[] = [];
  const errors: (object | null)[] = [];
  for (const { condition, stmt } of steps) {
    const isWanted =
      condition === undefined || condition === null || holds(condition, results, errors, stream);
    let done: object | null = null;
    let failure: object | null = null;
    try {
      if (isWanted) done = execute(stream, stmt);
    } catch (error) {
      failure = wireError(error);
    }
    results.push(done);
    errors.push(failure);
  }
  return { step_results: results, step_errors: errors };
}

function holds(
  condition: Condition,
  results: readonly (object | null)[],
  errors: readonly (object | null)[],
  stream: Stream,
): boolean {
  switch (condition.type) {
    case "ok":
      return typeof (results[condition.step] ?? undefined) === "object";
    case "error":
      return typeof (errors[condition.step] ?? undefined) === "object";
    case "not":
      return !holds(condition.cond, results, errors, stream);
    case "and":
      return condition.conds.every((each) => holds(each, results, errors, stream));
    case "or":
      return condition.conds.some((each) => holds(each, results, errors, stream));
    case "is_autocommit":
      return !stream.database.isTransaction;
  }
}

function execute({ database, texts }: Stream, stmt: Stmt): object {
  const statement = database.prepare(stmt.sql ?? texts.get(stmt.sql_id ?? 0) ?? "");
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  const before = database.prepare("SELECT total_changes() AS n").get()?.["n"];
  const rows = statement.all(...(stmt.args ?? []).map(sqliteValue)) as unknown as unknown[][];
  const after = database.prepare("SELECT total_changes() AS n, last_insert_rowid() AS id").get();
  return {
    cols: statement.columns().map(({ name }) => ({ name, decltype: null })),
    rows: rows.map((row) => row.map(wireValue)),
    affected_row_count: Number(after?.["n"]) - Number(before),
    last_insert_rowid: String(after?.["id"]),
  };
}

function sqliteValue({ type, value, base64 }: Value): string | number | bigint | Buffer | null {
  switch (type) {
    case "null":
      return null;
    case "integer":
      return BigInt(value ?? 0);
    case "float":
      return Number(value);
    case "text":
      return String(value);
    case "blob":
      return Buffer.from(base64 ?? "", "base64");
  }
}

function wireValue(value: unknown): Value {
  if (value === null) return { type: "null" };
  if (typeof value === "bigint") return { type: "integer", value: value.toString() };
  if (typeof value === "number") return { type: "float", value };
  if (typeof value === "string") return { type: "text", value };
  return { type: "blob", base64: Buffer.from(value as Uint8Array).toString("base64") };
}

function wireError(error: unknown): object {
  return { message: error instanceof Error ? error.message : String(error), code: "SQLITE_ERROR" };
}
