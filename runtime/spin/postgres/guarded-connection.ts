import type { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";
import { Connection, type ConnectionConfig } from "pg";
import { MessageGate, type RowFields } from "./message-gate.ts";

/** What pg calls once the transport is there, to read from it. */
interface Attaching {
  attachListeners(stream: EventEmitter): void;
}

/** pg's own simple query, which its types do not tell of. */
interface SimpleQuery {
  query(text: string): void;
}

/** pg's connection, which a server cannot break the process through, with rows as bytes. */
export class GuardedConnection extends Connection {
  #gate: MessageGate | undefined;

  constructor(config: ConnectionConfig) {
    super(config);
  }

  /**
   * Sends a statement ahead of what is sent next, in the same packet. Nobody hears of its result;
   * where it fails the connection is broken.
   */
  sendAhead(text: string): void {
    this.#gate?.skipExchange();
    (this as unknown as SimpleQuery).query(text);
  }

  /** Called by pg, instead of its own. */
  attachListeners(stream: Duplex): void {
    const gate = new MessageGate(
      (fields: RowFields) => this.emit("dataRow", { fields }),
      (error) => stream.destroy(error),
    );
    this.#gate = gate;
    (Connection.prototype as unknown as Attaching).attachListeners.call(this, gate);
    stream.on("data", (chunk: Buffer) => gate.push(chunk));
  }
}
