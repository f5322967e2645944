import { OperatorError } from "../error.ts";

const newline = 0x0a;

/** Cuts a byte stream into lines; keeps an incomplete tail for the next chunk. */
export class LineDecoder {
  readonly #lineBytesMax: number;
  #parts: Buffer[] = [];
  #pendingBytes = 0;

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /** Bytes that wait for their newline; nonzero at the end of a stream means it was cut. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** The lines that this chunk completes, without empty ones. Throws `limit` for a longer line. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(newline, start);
      if (end < 0) break;
      const line = this.#take(chunk.subarray(start, end));
      if (line !== "") lines.push(line);
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
    return lines;
  }

  #take(last: Buffer): string {
    if (this.#parts.length === 0) return last.toString();
    this.#keep(last);
    const line = Buffer.concat(this.#parts, this.#pendingBytes).toString();
    this.#parts = [];
    this.#pendingBytes = 0;
    return line;
  }

  #keep(part: Buffer): void {
    this.#pendingBytes += part.length;
    if (this.#pendingBytes > this.#lineBytesMax) {
      throw new OperatorError(
        "limit",
        `an event of a watch is larger than ${this.#lineBytesMax} bytes (limits.watchEventBytesMax)`,
      );
    }
    this.#parts.push(part);
  }
}
