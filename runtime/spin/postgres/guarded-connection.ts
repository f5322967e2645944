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

/** Tells the server to send what it has. */
const flushMessage = Buffer.from([0x48, 0, 0, 0, 4]);

/** pg's connection, which a server cannot break the process through, with rows as bytes. */
export class GuardedConnection extends Connection {
  #gate: MessageGate | undefined;
  #held: Buffer[] | undefined;

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

  /** What is sent from now on leaves together: one buffer costs less than five. */
  hold(): void {
    this.#held = [];
  }

  sendHeld(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this._send(Buffer.concat(held));
  }

  /** Called by pg, instead of its own; so are the following. */
  _send(message: Buffer): boolean {
    if (this.#held === undefined) return this.stream.writable && this.stream.write(message);
    this.#held.push(message);
    return true;
  }

  override flush(): void {
    this._send(flushMessage);
  }

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
