import { err, ok, type Result, type StreamSource } from "../../instance/host-interface.ts";
import { type MysqlError, queryError, RowReader } from "./mysql-calls.ts";
import type { MysqlConnection } from "./mysql-connection.ts";
import {
  type MysqlColumn,
  type MysqlField,
  type MysqlParameter,
  mysqlParameter,
  type MysqlValue,
} from "./mysql-values.ts";

/** Rows held for the guest before the server has to wait. */
const rowsHeldMax = 64;

/** Rows of a statement as the guest takes them; the server waits for the guest. */
export class MysqlRowStream extends RowReader implements StreamSource<MysqlValue[]> {
  /** Resolves when the columns are known, with the error when there are none to come. */
  readonly started: Promise<MysqlError | undefined>;
  readonly end: Promise<Result<undefined, MysqlError>>;
  readonly #connection: MysqlConnection;
  readonly #start = Promise.withResolvers<MysqlError | undefined>();
  #rows: MysqlValue[][] = [];
  #isPaused = false;
  #ended = false;
  #dropped = false;
  #wake: (() => void) | undefined;

  constructor(connection: MysqlConnection, text: string, parameters: readonly MysqlParameter[]) {
    super();
    this.#connection = connection;
    this.started = this.#start.promise;
    this.onRow = (row) => this.#take(row);
    this.end = this.#run(text, parameters);
  }

  override columns(fields: readonly MysqlField[]): void {
    super.columns(fields);
    this.#start.resolve(undefined);
  }

  get columnList(): readonly MysqlColumn[] {
    return this.fields;
  }

  async pull(max: number): Promise<MysqlValue[][] | undefined> {
    while (this.#rows.length === 0) {
      if (this.#ended) return undefined;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      this.#flow();
      await promise;
      this.#wake = undefined;
    }
    return this.#rows.splice(0, max);
  }

  drop(): void {
    this.#dropped = true;
    this.#rows = [];
    this.#flow();
  }

  #take(row: MysqlValue[]): void {
    if (this.#dropped) return;
    this.#rows.push(row);
    if (this.#rows.length >= rowsHeldMax && !this.#isPaused) {
      this.#isPaused = true;
      this.#connection.pause();
    }
    this.#wake?.();
  }

  #flow(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#connection.resume();
  }

  async #run(
    text: string,
    parameters: readonly MysqlParameter[],
  ): Promise<Result<undefined, MysqlError>> {
    try {
      await this.#connection.run(text, parameters.map(mysqlParameter), this);
      this.#start.resolve(undefined);
      return ok(undefined);
    } catch (error) {
      const failure = queryError(error);
      this.#start.resolve(failure);
      return err(failure);
    } finally {
      this.#ended = true;
      this.#wake?.();
    }
  }
}
