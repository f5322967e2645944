const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const simpleString = 0x2b; // +
const double = 0x2c; // ,
/** Frames with a length and that many bytes: $ ! = */
const blobs = new Set([0x24, 0x21, 0x3d]);

/**
 * Makes simple strings of a server (`+OK`) look like doubles (`,OK`) in the received bytes, because
 * the client gives doubles as strings, but simple strings and bulk strings alike as bytes. A guest
 * has to see which of the two it got. Bytes may be cut anywhere.
 */
export class ReplyMarker {
  #state: "type" | "line" | "length" | "blob" = "type";
  /** Of the length line of a blob; NaN for a streamed or broken one, -1 for null. */
  #length = "";
  /** Of the blob, with its end of line. */
  #bytesLeft = 0;

  /** Changes the bytes in place. */
  mark(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      switch (this.#state) {
        case "type":
          at = this.#startFrame(bytes, at);
          break;
        case "line":
        case "length":
          at = this.#readLine(bytes, at);
          break;
        case "blob":
          at = this.#skipBlob(bytes, at);
          break;
      }
    }
  }

  #startFrame(bytes: Uint8Array, at: number): number {
    const type = bytes[at] ?? 0;
    if (type === simpleString) bytes[at] = double;
    this.#length = "";
    this.#state = blobs.has(type) ? "length" : "line";
    return at + 1;
  }

  #readLine(bytes: Uint8Array, at: number): number {
    const end = bytes.indexOf(lineFeed, at);
    const stop = end === -1 ? bytes.length : end;
    if (this.#state === "length" && this.#length.length < 20) {
      for (let index = at; index < stop; index++) {
        const byte = bytes[index] ?? 0;
        if (byte !== carriageReturn) this.#length += String.fromCharCode(byte);
      }
    }
    if (end === -1) return stop;
    const length = this.#state === "length" ? Number(this.#length) : -1;
    this.#bytesLeft = length >= 0 ? length + 2 : 0;
    this.#state = this.#bytesLeft > 0 ? "blob" : "type";
    return stop + 1;
  }

  #skipBlob(bytes: Uint8Array, at: number): number {
    const count = Math.min(this.#bytesLeft, bytes.length - at);
    this.#bytesLeft -= count;
    if (this.#bytesLeft === 0) this.#state = "type";
    return at + count;
  }
}
