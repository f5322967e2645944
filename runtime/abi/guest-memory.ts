import { trap, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";

const decoderUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoderUtf8 = new TextEncoder();
const decoderUtf16 = new TextDecoder("utf-16le", { fatal: true, ignoreBOM: true });

/** Below this many bytes a loop over characters beats a call into the decoder (measured). */
const shortStringBytes = 24;

/** Length flag of latin1+utf16 strings (CanonicalABI.md, UTF16_TAG). */
const utf16Tag = 0x8000_0000;

/** What one item of a list takes on the host beside its content, roughly: an entry and a value. */
export const listItemBytes = 16;

export type Realloc = (old: number, oldSize: number, align: number, size: number) => number;

/**
 * One linear memory as the ABI sees it. Views are made again after the memory grew; bytes handed
 * out are copies.
 */
export class GuestMemory {
  #memory: WebAssembly.Memory | undefined;
  #bytes = new Uint8Array(0);
  #view = new DataView(new ArrayBuffer(0));
  /** Of the list that is being lifted, with all that is in it. */
  #liftedBytes = 0;

  bind(memory: WebAssembly.Memory): void {
    this.#memory = memory;
    this.#refresh();
  }

  /** Valid until the guest runs again. */
  view(): DataView {
    // A grown memory detaches its old buffer: the typed array's length becomes 0.
    if (this.#bytes.length === 0) this.#refresh();
    return this.#view;
  }

  /** Valid until the guest runs again. */
  bytes(): Uint8Array {
    if (this.#bytes.length === 0) this.#refresh();
    return this.#bytes;
  }

  #refresh(): void {
    const buffer = this.#memory?.buffer ?? new ArrayBuffer(0);
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
  }

  /** Traps unless `length` bytes at `pointer` are inside the memory and aligned. */
  check(pointer: number, length: number, align: number): void {
    if (pointer % align !== 0) trap(`pointer ${pointer} is not aligned to ${align} bytes`);
    if (pointer + length > this.bytes().length) {
      trap(`${length} bytes at ${pointer} are outside the memory of ${this.bytes().length} bytes`);
    }
  }

  /** A list that is not part of another one is lifted from now on. */
  beginList(): void {
    this.#liftedBytes = 0;
  }

  /** Throws `limit` when the list that is being lifted takes more than `limits.liftedBytesMax`. */
  spend(bytes: number): void {
    this.#liftedBytes += bytes;
    if (this.#liftedBytes > limits.liftedBytesMax) {
      throw new WhorlError(
        "limit",
        `the guest passes a list that takes more than ${limits.liftedBytesMax} bytes: ` +
          "let it pass less at a time",
      );
    }
  }

  /** The same for a string, or for bytes, in such a list. */
  spendOn<T extends string | Uint8Array>(value: T): T {
    this.spend(value.length);
    return value;
  }

  /** list<u8>: a copy. */
  loadBytes(pointer: number, length: number): Uint8Array {
    this.check(pointer, length, 1);
    return this.bytes().slice(pointer, pointer + length);
  }

  storeBytes(value: Uint8Array, realloc: Realloc): number {
    const pointer = this.allocate(value.length, 1, realloc);
    this.bytes().set(value, pointer);
    return pointer;
  }

  /** Memory from the guest's realloc; traps when the guest returns nonsense. */
  allocate(size: number, align: number, realloc: Realloc): number {
    if (size > limits.valueBytesMax) trap(`a value of ${size} bytes is beyond the limit`);
    const pointer = realloc(0, 0, align, size) >>> 0;
    this.check(pointer, size, align);
    return pointer;
  }

  loadUtf8(pointer: number, length: number): string {
    this.check(pointer, length, 1);
    const bytes = this.bytes();
    if (length <= shortStringBytes) {
      let text = "";
      let index = pointer;
      for (const end = pointer + length; index < end; index++) {
        const byte = bytes[index] ?? 0;
        if (byte >= 0x80) break;
        text += String.fromCharCode(byte);
      }
      if (index === pointer + length) return text;
    }
    try {
      return decoderUtf8.decode(bytes.subarray(pointer, pointer + length));
    } catch {
      return trap("a string is not valid UTF-8");
    }
  }

  loadUtf16(pointer: number, codeUnits: number): string {
    this.check(pointer, codeUnits * 2, 2);
    try {
      return decoderUtf16.decode(this.bytes().subarray(pointer, pointer + codeUnits * 2));
    } catch {
      return trap("a string is not valid UTF-16");
    }
  }

  loadLatin1OrUtf16(pointer: number, taggedLength: number): string {
    if (taggedLength >= utf16Tag) return this.loadUtf16(pointer, taggedLength - utf16Tag);
    this.check(pointer, taggedLength, 2);
    return latin1Text(this.bytes().subarray(pointer, pointer + taggedLength));
  }

  /** Returns [pointer, length]. Lone surrogates become U+FFFD. */
  storeUtf8(text: string, realloc: Realloc): readonly [number, number] {
    if (!isAscii(text)) {
      const encoded = encoderUtf8.encode(text);
      return [this.storeBytes(encoded, realloc), encoded.length];
    }
    const pointer = this.allocate(text.length, 1, realloc);
    const bytes = this.bytes();
    if (text.length > shortStringBytes) {
      encoderUtf8.encodeInto(text, bytes.subarray(pointer, pointer + text.length));
    } else {
      for (let index = 0; index < text.length; index++) {
        bytes[pointer + index] = text.charCodeAt(index);
      }
    }
    return [pointer, text.length];
  }

  storeUtf16(text: string, realloc: Realloc): readonly [number, number] {
    const wellFormed = text.toWellFormed();
    const pointer = this.allocate(wellFormed.length * 2, 2, realloc);
    const view = this.view();
    for (let index = 0; index < wellFormed.length; index++) {
      view.setUint16(pointer + index * 2, wellFormed.charCodeAt(index), true);
    }
    return [pointer, wellFormed.length];
  }

  storeLatin1OrUtf16(text: string, realloc: Realloc): readonly [number, number] {
    for (let index = 0; index < text.length; index++) {
      if (text.charCodeAt(index) <= 0xff) continue;
      const [pointer, codeUnits] = this.storeUtf16(text, realloc);
      return [pointer, codeUnits + utf16Tag];
    }
    const pointer = this.allocate(text.length, 2, realloc);
    const bytes = this.bytes();
    for (let index = 0; index < text.length; index++) {
      bytes[pointer + index] = text.charCodeAt(index);
    }
    return [pointer, text.length];
  }
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++)
    if (text.charCodeAt(index) >= 0x80) return false;
  return true;
}

/** ISO 8859-1 proper: TextDecoder's "latin1" is windows-1252 and maps 0x80 to 0x9f elsewhere. */
function latin1Text(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
