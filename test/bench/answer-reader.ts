const endOfHead = "\r\n\r\n";
/** The last chunk with what ends the one before (RFC 9112, 7.1); nobody here sends trailers. */
const lastChunk = "\r\n0\r\n\r\n";

/**
 * Finds the end of each answer on a connection that has one request at a time. Fast rather than
 * thorough: it reads what servers under measurement send, and nothing hostile.
 */
export class AnswerReader {
  #head = "";
  #status = 0;
  /** Bytes of the body that are missing; infinite in chunks, undefined before the head's end. */
  #missing: number | undefined;
  /** Of a body in chunks. */
  #tail = "";

  /** The status of the answer that these bytes end; undefined as long as more has to come. */
  add(chunk: Buffer): number | undefined {
    const text = chunk.toString("latin1");
    const body = this.#missing === undefined ? this.#addToHead(text) : text;
    if (this.#missing === undefined || !this.#isWholeWith(body)) return undefined;
    this.#head = "";
    this.#tail = "";
    this.#missing = undefined;
    return this.#status;
  }

  /** What belongs to the body. */
  #addToHead(text: string): string {
    this.#head += text;
    const end = this.#head.indexOf(endOfHead);
    if (end === -1) return "";
    const fields = this.#head.slice(0, end);
    this.#status = Number(fields.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/i.exec(fields)?.[1];
    const isChunked = /\r\ntransfer-encoding: *chunked/i.test(fields);
    this.#missing = isChunked ? Infinity : Number(length ?? 0);
    return this.#head.slice(end + endOfHead.length);
  }

  #isWholeWith(body: string): boolean {
    if (this.#missing !== Infinity) {
      this.#missing = (this.#missing ?? 0) - body.length;
      return this.#missing <= 0;
    }
    this.#tail = (this.#tail + body).slice(-lastChunk.length);
    return this.#tail === lastChunk || this.#tail === lastChunk.trimStart();
  }
}
