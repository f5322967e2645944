import { EventEmitter } from "node:events";
import { limits } from "../../limits.ts";
import { checkMessage } from "./check-message.ts";

const headerBytes = 5;
const dataRow = 0x44; // D
const errorResponse = 0x45; // E
const parseComplete = 0x31; // 1
const bindComplete = 0x32; // 2
const commandComplete = 0x43; // C
const readyForQuery = 0x5a; // Z
/** Messages of a server, https://www.postgresql.org/docs/current/protocol-message-formats.html. */
const known = new Set([...Buffer.from("123ACDEGHIKNRSTVWZcdnstv")]);

/** The columns of one row, each in the format that was asked for. */
export type RowFields = (Buffer | null)[];

/**
 * Stands between a server and pg's parser. It hands on whole messages, keeps rows as the bytes that
 * they are (the parser would make text of them), and refuses what is no message or is too large
 * before it is buffered. Looks like a stream to the parser.
 */
export class MessageGate extends EventEmitter {
  readonly #onRow: (fields: RowFields) => void;
  readonly #onBroken: (error: Error) => void;
  #chunks: Buffer[] = [];
  #size = 0;
  /** Bytes of the message at the start, with its header; 0 while that is unknown. */
  #needed = 0;
  #broken = false;
  /** What ends the messages at the front that are nobody's concern; undefined without those. */
  #skipTo: number | undefined;

  constructor(onRow: (fields: RowFields) => void, onBroken: (error: Error) => void) {
    super();
    this.#onRow = onRow;
    this.#onBroken = onBroken;
  }

  /** The next exchange is not handed on, up to its ReadyForQuery. It must not fail. */
  skipExchange(): void {
    this.#skipTo = readyForQuery;
  }

  /** The first command of the next exchange is not handed on. It must not fail. */
  skipCommand(): void {
    this.#skipTo = commandComplete;
  }

  push(chunk: Buffer): void {
    if (this.#broken) return;
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    try {
      if (this.#size >= Math.max(this.#needed, headerBytes)) this.#drain();
    } catch (error) {
      this.#broken = true;
      this.#chunks = [];
      this.#onBroken(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #drain(): void {
    const [first, ...more] = this.#chunks;
    const bytes = first === undefined || more.length > 0 ? Buffer.concat(this.#chunks) : first;
    let at = 0;
    /** Messages from here on are for the parser, which takes several at once. */
    let from = 0;
    this.#needed = 0;
    while (bytes.length - at >= headerBytes) {
      const length = messageLength(bytes, at);
      if (bytes.length - at < length) {
        this.#needed = length;
        break;
      }
      const end = at + length;
      const type = bytes[at];
      const isSkipped = this.#skipTo !== undefined;
      if (isSkipped || type === dataRow || isAcknowledgement(type)) {
        this.#handOn(bytes, from, at);
        from = end;
        if (isSkipped) this.#skip(type);
        else if (type === dataRow) this.#onRow(rowFields(bytes.subarray(at, end)));
      } else checkMessage(bytes.subarray(at, end));
      at = end;
    }
    this.#chunks = at === bytes.length ? [] : [bytes.subarray(at)];
    this.#size = bytes.length - at;
    this.#handOn(bytes, from, at);
  }

  #handOn(bytes: Buffer, from: number, to: number): void {
    if (from === to) return;
    const isAll = from === 0 && to === bytes.length;
    this.emit("data", isAll ? bytes : bytes.subarray(from, to));
  }

  #skip(type: number | undefined): void {
    if (type === this.#skipTo) this.#skipTo = undefined;
    else if (type === errorResponse || type === readyForQuery) {
      throw new Error("the session could not be made as new");
    }
  }
}

/** Nothing depends on them: what follows tells how it went. */
function isAcknowledgement(type: number | undefined): boolean {
  return type === parseComplete || type === bindComplete;
}

function messageLength(bytes: Buffer, at: number): number {
  if (!known.has(bytes[at] ?? 0)) throw new Error("the server does not speak PostgreSQL");
  const length = bytes.readUInt32BE(at + 1);
  if (length < 4) throw new Error("the server sent a broken message");
  if (length > limits.queryResultBytesMax) {
    throw new Error(`query result exceeds limit of ${limits.queryResultBytesMax} bytes`);
  }
  return length + 1;
}

function rowFields(message: Buffer): RowFields {
  const count = message.readUInt16BE(headerBytes);
  const fields: RowFields = [];
  let at = headerBytes + 2;
  for (let index = 0; index < count; index++) {
    const length = message.readInt32BE(at);
    at += 4;
    if (length === -1) {
      fields.push(null);
      continue;
    }
    if (length < 0 || at + length > message.length) {
      throw new Error("the server sent a broken row");
    }
    fields.push(message.subarray(at, at + length));
    at += length;
  }
  return fields;
}
