import type { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";
import { Connection, type ConnectionConfig } from "pg";
import { MessageGate, type RowFields } from "./message-gate.ts";

/** What pg calls once the transport is there, to read from it. */
interface Attaching {
  attachListeners(stream: EventEmitter): void;
}

/** pg's connection, which a server cannot break the process through, with rows as bytes. */
export class GuardedConnection extends Connection {
  constructor(config: ConnectionConfig) {
    super(config);
  }

  /** Called by pg, instead of its own. */
  attachListeners(stream: Duplex): void {
    const gate = new MessageGate(
      (fields: RowFields) => this.emit("dataRow", { fields }),
      (error) => stream.destroy(error),
    );
    (Connection.prototype as unknown as Attaching).attachListeners.call(this, gate);
    stream.on("data", (chunk: Buffer) => gate.push(chunk));
  }
}
