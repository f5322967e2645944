import { WhorlError } from "../error.ts";
import { limits } from "../limits.ts";

/** Names must be taken as they are: a byte order mark is part of them. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads the primitives of WebAssembly binaries from a window of the file. Every method throws
 * `malformed` with the byte offset when the window ends early or the bytes break the format.
 */
export class Reader {
  readonly bytes: Uint8Array<ArrayBuffer>;
  offset: number;
  /** First offset behind the window. */
  readonly end: number;
  /** What is being read, for messages: "import section". */
  readonly section: string;

  constructor(bytes: Uint8Array<ArrayBuffer>, section: string, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.section = section;
    this.offset = start;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.offset;
  }

  /** Throws `malformed` for the current position. */
  fail(message: string, offset = this.offset): never {
    throw new WhorlError(
      "malformed",
      `malformed component: ${message} at byte offset 0x${offset.toString(16)} (${this.section})`,
    );
  }

  /** Throws `invalid` for the current position. */
  invalid(message: string, offset = this.offset): never {
    throw new WhorlError(
      "invalid",
      `invalid component: ${message} at byte offset 0x${offset.toString(16)} (${this.section})`,
    );
  }

  /** Throws `limit`: more than `max` of `what`. */
  limit(what: string, max: number, offset = this.offset): never {
    throw new WhorlError(
      "limit",
      `more than ${max} ${what} at byte offset 0x${offset.toString(16)} (${this.section})`,
    );
  }

  peek(): number {
    const byte = this.offset < this.end ? this.bytes[this.offset] : undefined;
    return byte ?? this.fail("unexpected end");
  }

  byte(): number {
    const byte = this.offset < this.end ? this.bytes[this.offset] : undefined;
    if (byte === undefined) this.fail("unexpected end");
    this.offset++;
    return byte;
  }

  /** Reads one byte that has to be `expected`. */
  expect(expected: number, what: string): void {
    const start = this.offset;
    const found = this.byte();
    if (found !== expected)
      this.fail(`${what}: expected ${hex(expected)}, found ${hex(found)}`, start);
  }

  /** Reads a byte that is 0 or 1. */
  flag(what: string): boolean {
    const start = this.offset;
    const found = this.byte();
    if (found > 1) this.fail(`${what}: expected 0x0 or 0x1, found ${hex(found)}`, start);
    return found === 1;
  }

  /** LEB128, at most five bytes and 32 bits. */
  u32(): number {
    const start = this.offset;
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.byte();
      if (shift === 28 && byte > 0x0f) this.fail("an integer of more than 32 bits", start);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return this.fail("an integer of more than five bytes", start);
  }

  /** LEB128, at most ten bytes and 64 bits. */
  u64(): bigint {
    const start = this.offset;
    let value = 0n;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.byte();
      if (shift === 63 && byte > 1) this.fail("an integer of more than 64 bits", start);
      value |= BigInt(byte & 0x7f) << BigInt(shift);
      if (byte < 0x80) return value;
    }
    return this.fail("an integer of more than ten bytes", start);
  }

  /** A type index: signed LEB128 of 33 bits that is not negative. */
  s33Index(): number {
    const start = this.offset;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      if (shift === 28 && byte > 0x0f) this.fail("a type index of more than 32 bits", start);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte >= 0x80) continue;
      if (shift < 28 && (byte & 0x40) !== 0) this.fail("a negative type index", start);
      return value;
    }
    return this.fail("a type index of more than five bytes", start);
  }

  /** Length of a vector. Each item takes a byte at least, so a count that lies is seen here. */
  count(what: string, max: number = limits.indexSpaceItemsMax): number {
    const start = this.offset;
    const count = this.u32();
    if (count > max) this.limit(what, max, start);
    if (count > this.remaining) this.fail(`${count} ${what} do not fit in the rest of it`, start);
    return count;
  }

  /** A vector whose items `read` reads. */
  vector<T>(what: string, read: (reader: Reader) => T, max?: number): T[] {
    const count = this.count(what, max);
    const items: T[] = [];
    for (let index = 0; index < count; index++) items.push(read(this));
    return items;
  }

  /** 0x00 for nothing, or 0x01 and what `read` reads. */
  optional<T>(what: string, read: (reader: Reader) => T): T | undefined {
    return this.flag(what) ? read(this) : undefined;
  }

  name(): string {
    const start = this.offset;
    const length = this.u32();
    if (length > limits.nameBytesMax) this.limit("bytes in a name", limits.nameBytesMax, start);
    if (length > this.remaining) this.fail(`a name of ${length} bytes ends behind it`, start);
    const bytes = this.bytes.subarray(this.offset, this.offset + length);
    this.offset += length;
    try {
      return utf8.decode(bytes);
    } catch {
      return this.fail("a name that is not UTF-8", start);
    }
  }

  /** A reader of the next `length` bytes; this one goes on behind them. */
  window(length: number, section: string): Reader {
    if (length > this.remaining) {
      this.fail(`the ${section} claims ${length} bytes, ${this.remaining} are left`);
    }
    const start = this.offset;
    this.offset += length;
    return new Reader(this.bytes, section, start, start + length);
  }

  expectEnd(): void {
    if (this.remaining > 0) this.fail(`${this.remaining} bytes too many`);
  }
}

/** A byte as messages show it. */
export function hex(byte: number): string {
  return `0x${byte.toString(16)}`;
}
