import { limits } from "../../limits.ts";
import { ReadyOutputStream } from "./ready-output-stream.ts";
import type { OutputStream } from "./streams.ts";

const newline = 0x0a;

/**
 * An output-stream for guest logs: hands `write` each line without its line feed, after `prefix`.
 * A line longer than `limits.guestLineBytesMax` comes in several parts, cut between characters;
 * dispose hands over a line that was not ended. Bytes that are not UTF-8 become U+FFFD.
 */
export function lineOutputStream(prefix: string, write: (line: string) => void): OutputStream {
  return new LineOutputStream(prefix, write);
}

class LineOutputStream extends ReadyOutputStream {
  readonly #prefix: string;
  readonly #write: (line: string) => void;
  /** The beginning of a line whose end has not come; shorter than `guestLineBytesMax`. */
  #pending: Buffer | undefined;

  constructor(prefix: string, write: (line: string) => void) {
    super();
    this.#prefix = prefix;
    this.#write = write;
  }

  write(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    let rest = this.#withPending(bytes);
    for (;;) {
      const end = rest.indexOf(newline);
      if (end === -1 || end > limits.guestLineBytesMax) {
        if (rest.length < limits.guestLineBytesMax) break;
        const cut = characterStart(rest, limits.guestLineBytesMax);
        this.#emit(rest.subarray(0, cut));
        rest = rest.subarray(cut);
      } else {
        this.#emit(rest.subarray(0, end));
        rest = rest.subarray(end + 1);
      }
    }
    // A copy: a few bytes must not keep a large write alive.
    this.#pending = rest.length === 0 ? undefined : Buffer.from(rest);
  }

  override dispose(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending !== undefined) this.#emit(pending);
  }

  #withPending(bytes: Uint8Array): Buffer {
    if (this.#pending !== undefined) return Buffer.concat([this.#pending, bytes]);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #emit(line: Buffer): void {
    this.#write(this.#prefix + line.toString("utf8"));
  }
}

/** The last start of a UTF-8 character at or before `index`; `index` if there is none near it. */
function characterStart(bytes: Buffer, index: number): number {
  for (let at = index; at > index - 4; at -= 1) {
    if (((bytes[at] ?? 0) & 0xc0) !== 0x80) return at;
  }
  return index;
}
