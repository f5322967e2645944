import type { Client, ResultSet, Transaction } from "@libsql/client/http";
import { errorText } from "../../error.ts";
import { QuerySize } from "./query-size.ts";
import {
  type QueryResult,
  type SqliteConnection,
  type SqliteDatabase,
  SqliteFailure,
  type SqliteValue,
} from "./sqlite-database.ts";
import { plainValue, sqliteValue } from "./sqlite-value.ts";

export interface LibsqlOptions {
  /** `https://` or `http://`. */
  readonly url: string;
  readonly token: string;
}

/** A database on a libSQL server, over HTTP. The client is loaded with the first use. */
export class LibsqlDatabase implements SqliteDatabase {
  readonly summary: string;
  readonly #options: LibsqlOptions;
  #client: Promise<Client> | undefined;

  constructor(options: LibsqlOptions) {
    this.#options = options;
    this.summary = `libSQL at ${options.url}`;
  }

  async connect(): Promise<SqliteConnection> {
    try {
      this.#client ??= connect(this.#options);
      return new LibsqlConnection(await this.#client);
    } catch (error) {
      throw new SqliteFailure("invalid-connection", errorText(error), { cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    client?.close();
  }
}

async function connect({ url, token }: LibsqlOptions): Promise<Client> {
  const { createClient } = await import("@libsql/client/http");
  return createClient({ url, authToken: token, intMode: "bigint" });
}

const comments = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|;)*/;
const beginning = /^begin(?:\s+(deferred|immediate|exclusive))?(?:\s+transaction)?\s*;?\s*$/i;
const commitment = /^(?:commit|end)(?:\s+transaction)?\s*;?\s*$/i;
const undoing = /^rollback(?:\s+transaction)?\s*;?\s*$/i;

/**
 * One guest's connection. The server forgets a connection between two statements unless they
 * belong to a transaction of the client, so BEGIN, COMMIT and ROLLBACK become its calls.
 */
class LibsqlConnection implements SqliteConnection {
  readonly #client: Client;
  #transaction: Transaction | undefined;
  #changes = 0n;
  #lastInsertRowid = 0n;

  constructor(client: Client) {
    this.#client = client;
  }

  async execute(statement: string, parameters: readonly SqliteValue[]): Promise<QueryResult> {
    const text = statement.replace(comments, "");
    if (await this.#endOrBegin(text)) return { columns: [], rows: [] };
    const args = parameters.map(plainValue);
    const runner = this.#transaction ?? this.#client;
    return this.#result(await runner.execute({ sql: statement, args }));
  }

  changes(): bigint {
    return this.#changes;
  }

  lastInsertRowid(): bigint {
    return this.#lastInsertRowid;
  }

  close(): void {
    this.#transaction?.close();
    this.#transaction = undefined;
  }

  async #endOrBegin(text: string): Promise<boolean> {
    const begin = beginning.exec(text);
    if (begin !== null) {
      if (this.#transaction !== undefined) {
        throw new Error("cannot start a transaction within a transaction");
      }
      const mode = begin[1] === undefined || /deferred/i.test(begin[1]) ? "deferred" : "write";
      this.#transaction = await this.#client.transaction(mode);
      return true;
    }
    const isCommitment = commitment.test(text);
    if (!isCommitment && !undoing.test(text)) return false;
    const transaction = this.#transaction;
    if (transaction === undefined) {
      throw new Error(`cannot ${isCommitment ? "commit" : "rollback"} - no transaction is active`);
    }
    this.#transaction = undefined;
    await (isCommitment ? transaction.commit() : transaction.rollback());
    return true;
  }

  #result(result: ResultSet): QueryResult {
    const isChange = result.columns.length === 0;
    if (isChange || result.rowsAffected > 0) this.#changes = BigInt(result.rowsAffected);
    if (result.lastInsertRowid !== undefined && result.rowsAffected > 0) {
      this.#lastInsertRowid = result.lastInsertRowid;
    }
    const size = new QuerySize();
    const rows = result.rows.map((row) => {
      const values = result.columns.map((_, index) => sqliteValue(row[index] ?? null));
      for (const value of values) size.add(value);
      return { values };
    });
    return { columns: result.columns, rows };
  }
}
