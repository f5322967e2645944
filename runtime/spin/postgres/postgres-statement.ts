import type { Connection, FieldDef } from "pg";
import type { RowFields } from "./message-gate.ts";

/** Where the rows of a statement go. */
export interface RowSink {
  /** Columns are known before the first row. Throwing gives the statement up. */
  columns(fields: readonly FieldDef[]): void;
  row(fields: RowFields): void;
}

/** What pg's connection can do, with the types that it really has. */
interface ExtendedProtocol {
  parse(message: { text: string; name: string; types: number[] }): void;
  bind(message: { values: readonly (string | Buffer | null)[]; binary: boolean }): void;
  describe(message: { type: "P"; name: string }): void;
  execute(message: { portal: string; rows: number }): void;
  sendCopyFail(reason: string): void;
  sync(): void;
  flush(): void;
  discardAhead(): void;
  hold(): void;
  sendHeld(): void;
}

/**
 * One statement in the extended protocol, as pg's client runs it: the text is prepared, parameters
 * travel apart from it, results come in binary format, and, where `rowsAtOnce` is not 0, no more
 * rows than that before {@link PostgresStatement.resume}.
 */
export class PostgresStatement {
  /** Resolves with the number of rows concerned, rejects with the server's error. */
  readonly done: Promise<number>;
  readonly #text: string;
  readonly #values: readonly (string | Buffer | null)[];
  readonly #sink: RowSink;
  readonly #rowsAtOnce: number;
  readonly #settle = Promise.withResolvers<number>();
  #connection: ExtendedProtocol | undefined;
  #rowCount = 0;
  #failure: Error | undefined;
  #suspended = false;
  #onSuspended: (() => void) | undefined;
  /** The session has to be made as new before. */
  needsDiscard = false;
  /** Whether {@link done} is settled. */
  isDone = false;

  constructor(
    statement: { readonly text: string; readonly values: readonly (string | Buffer | null)[] },
    sink: RowSink,
    rowsAtOnce = 0,
  ) {
    this.#text = statement.text;
    this.#values = statement.values;
    this.#sink = sink;
    this.#rowsAtOnce = rowsAtOnce;
    this.done = this.#settle.promise;
    this.done.catch(() => undefined);
  }

  /** Called each time when the rows asked for have arrived and there may be more. */
  set onSuspended(listener: () => void) {
    this.#onSuspended = listener;
  }

  /** Asks for more rows; does nothing unless suspended. */
  resume(): void {
    if (!this.#suspended) return;
    this.#suspended = false;
    this.#connection?.execute({ portal: "", rows: this.#rowsAtOnce });
    this.#connection?.flush();
  }

  /** Asks for no more rows: the statement is done. Does nothing unless suspended. */
  finish(): void {
    if (!this.#suspended) return;
    this.#suspended = false;
    this.#connection?.sync();
  }

  /** Called by pg when it is this statement's turn. */
  submit(connection: Connection): void {
    const protocol = connection as unknown as ExtendedProtocol;
    this.#connection = protocol;
    protocol.hold();
    try {
      if (this.needsDiscard) protocol.discardAhead();
      protocol.parse({ text: this.#text, name: "", types: [] });
      protocol.bind({ values: this.#values, binary: true });
      protocol.describe({ type: "P", name: "" });
      protocol.execute({ portal: "", rows: this.#rowsAtOnce });
      if (this.#rowsAtOnce === 0) protocol.sync();
      else protocol.flush();
    } finally {
      // Otherwise nothing that is sent after this would leave.
      protocol.sendHeld();
    }
  }

  handleRowDescription({ fields }: { readonly fields: readonly FieldDef[] }): void {
    this.#attempt(() => this.#sink.columns(fields));
  }

  handleDataRow({ fields }: { readonly fields: RowFields }): void {
    this.#attempt(() => this.#sink.row(fields));
  }

  handlePortalSuspended(): void {
    this.#suspended = true;
    if (this.#failure !== undefined) this.finish();
    else this.#onSuspended?.();
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#rowCount = Number(/ (\d+)$/.exec(text)?.[1] ?? 0);
    this.#endPortal();
  }

  handleEmptyQuery(): void {
    this.#endPortal();
  }

  handleCopyInResponse(): void {
    this.#connection?.sendCopyFail("COPY FROM STDIN is not supported");
    // The server took the one sent along with the statement for a part of the copied data.
    if (this.#rowsAtOnce === 0) this.#connection?.sync();
  }

  handleCopyData(): void {
    this.#failure ??= new Error("COPY TO STDOUT is not supported");
  }

  handleReadyForQuery(): void {
    this.isDone = true;
    if (this.#failure === undefined) this.#settle.resolve(this.#rowCount);
    else this.#settle.reject(this.#failure);
  }

  handleError(error: Error): void {
    this.isDone = true;
    this.#endPortal();
    this.#settle.reject(this.#failure ?? error);
  }

  /** Without rows at once, the end of the exchange is sent along with the statement. */
  #endPortal(): void {
    if (this.#rowsAtOnce !== 0) this.#connection?.sync();
  }

  #attempt(use: () => void): void {
    if (this.#failure !== undefined) return;
    try {
      use();
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
    }
  }
}
