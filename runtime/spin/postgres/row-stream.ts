import type { FieldDef } from "pg";
import { err, ok, type Result, type StreamSource } from "../../instance/host-interface.ts";
import { pgRow, pgRowSize } from "./postgres-calls.ts";
import { type PgError, queryFailed } from "./postgres-error.ts";
import { PostgresStatement, type RowSink } from "./postgres-statement.ts";
import type { PgRow } from "./postgres-values.ts";

/** Rows that the server sends before the guest has to ask for more. */
const rowsAtOnce = 64;

/** Rows of a statement as the guest takes them; the server waits for the guest. */
export class RowStream implements StreamSource<PgRow>, RowSink {
  readonly statement: PostgresStatement;
  fields: readonly FieldDef[] = [];
  /** Whether there is a row; rejects when the statement failed before the first one. */
  readonly started: Promise<boolean>;
  readonly #start = Promise.withResolvers<boolean>();
  readonly #end = Promise.withResolvers<Result<undefined, PgError>>();
  #rows: PgRow[] = [];
  #state: "running" | "suspended" | "ended" = "running";
  #dropped = false;
  #wake: (() => void) | undefined;

  constructor(text: string, values: readonly (string | Buffer | null)[]) {
    this.statement = new PostgresStatement({ text, values }, this, rowsAtOnce);
    this.statement.onSuspended = () => this.#change("suspended");
    this.started = this.#start.promise;
    this.statement.done.then(
      () => {
        this.#end.resolve(ok(undefined));
        this.#change("ended");
      },
      (error: unknown) => {
        this.#start.reject(error);
        this.#end.resolve(err(queryFailed(error)));
        this.#change("ended");
      },
    );
    this.started.catch(() => undefined);
  }

  /** How it ended, for the future beside the stream. */
  get end(): Promise<Result<undefined, PgError>> {
    return this.#end.promise;
  }

  columns(fields: readonly FieldDef[]): void {
    this.fields = fields;
  }

  row(values: readonly (Buffer | null)[]): void {
    if (this.#dropped) return;
    const row = pgRow(this.fields, values);
    pgRowSize(row);
    this.#rows.push(row);
    this.#start.resolve(true);
    this.#wake?.();
  }

  async pull(max: number): Promise<PgRow[] | undefined> {
    while (this.#rows.length === 0) {
      if (this.#state === "ended") return undefined;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      if (this.#state === "suspended") {
        this.#state = "running";
        this.statement.resume();
      }
      await promise;
      this.#wake = undefined;
    }
    return this.#rows.splice(0, max);
  }

  drop(): void {
    this.#dropped = true;
    this.#rows = [];
    this.statement.finish();
  }

  #change(state: "suspended" | "ended"): void {
    this.#state = state;
    this.#start.resolve(false);
    if (this.#dropped) this.statement.finish();
    this.#wake?.();
  }
}
