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

/** A parameter of the session that the server tells. */
interface ParameterStatus {
  readonly parameterName: string;
  readonly parameterValue: string;
}

/** Leaves nothing of a session: no setting, lock, temporary table or prepared statement. */
export const discard = "DISCARD ALL";

/** Parse, Bind and Execute of {@link discard}. */
const discardMessages = Buffer.from(
  `P\0\0\0\x13\0${discard}\0\0\0` + "B\0\0\0\x0c\0\0\0\0\0\0\0\0" + "E\0\0\0\x09\0\0\0\0\0",
  "latin1",
);

/**
 * Servers that commit such a command before the next one of the same exchange: where they did not,
 * an error of the next one would take it back. Others of this protocol have other version numbers.
 */
const commitsAtOnce = /^(?:1[5-9]|[2-9]\d)(?:\.\d+)?(?: \(.*\))?$/;

/** Tells the server to send what it has. */
const flushMessage = Buffer.from([0x48, 0, 0, 0, 4]);

/** pg's connection, which a server cannot break the process through, with rows as bytes. */
export class GuardedConnection extends Connection {
  #gate: MessageGate | undefined;
  #held: Buffer[] | undefined;
  #commitsAtOnce = false;

  constructor(config: ConnectionConfig) {
    super(config);
    this.on("parameterStatus", ({ parameterName, parameterValue }: ParameterStatus) => {
      if (parameterName === "server_version") {
        this.#commitsAtOnce = commitsAtOnce.test(parameterValue);
      }
    });
  }

  /**
   * Makes the session as new ahead of the statement that is sent next, in the same packet, and in
   * the same exchange if the server allows it: then there is one answer. Nobody hears of the result;
   * where it fails the server does not run the statement, or the connection is broken before.
   */
  discardAhead(): void {
    if (this.#commitsAtOnce) {
      this.#gate?.skipCommand();
      this._send(discardMessages);
    } else {
      this.#gate?.skipExchange();
      (this as unknown as SimpleQuery).query(discard);
    }
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
