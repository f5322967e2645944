import { readSync, writeSync } from "node:fs";
import { limits } from "../../limits.ts";
import { StreamFailure } from "../io/streams.ts";
import type { InputStream, OutputStream } from "../io/streams.ts";
import type { OpenFile } from "./open-file.ts";

/** No file is longer; offsets beyond are not valid anywhere. */
export const fileOffsetMax = (1n << 63n) - 1n;

/**
 * Reads a file from `offset` on; `closed` at its end. Takes over the given reference to the file.
 * Reads happen at once, so it is always ready.
 */
export class FileInputStream implements InputStream {
  readonly #file: OpenFile;
  #offset: bigint;
  #isClosed = false;

  constructor(file: OpenFile, offset: bigint) {
    this.#file = file;
    this.#offset = offset;
  }

  isReady(): boolean {
    return true;
  }

  wait(): Promise<void> {
    return Promise.resolve();
  }

  read(length: number): Uint8Array {
    if (this.#isClosed) throw StreamFailure.closed();
    if (length === 0) return new Uint8Array(0);
    const buffer = Buffer.allocUnsafe(Math.min(length, limits.streamReadBytesMax));
    const count = this.#readInto(buffer);
    if (count === 0) {
      this.#isClosed = true;
      throw StreamFailure.closed();
    }
    this.#offset += BigInt(count);
    return buffer.subarray(0, count);
  }

  dispose(): void {
    this.#isClosed = true;
    this.#file.release();
  }

  #readInto(buffer: Buffer): number {
    try {
      return readSync(this.#file.fd, buffer, 0, buffer.length, this.#offset);
    } catch (error) {
      this.#isClosed = true;
      throw StreamFailure.failed(error);
    }
  }
}

/**
 * Writes a file from `offset` on, or at its end whatever others do (undefined; the file must have
 * been opened with O_APPEND). Takes over the given reference to the file.
 */
export class FileOutputStream implements OutputStream {
  readonly #file: OpenFile;
  #offset: bigint | undefined;
  #isClosed = false;

  constructor(file: OpenFile, offset: bigint | undefined) {
    this.#file = file;
    this.#offset = offset;
  }

  isReady(): boolean {
    return true;
  }

  wait(): Promise<void> {
    return Promise.resolve();
  }

  checkWrite(): number {
    if (this.#isClosed) throw StreamFailure.closed();
    return limits.streamWriteBytesMax;
  }

  write(bytes: Uint8Array): void {
    if (this.#isClosed) throw StreamFailure.closed();
    try {
      this.#writeAll(bytes);
    } catch (error) {
      this.#isClosed = true;
      throw StreamFailure.failed(error);
    }
  }

  flush(): void {
    if (this.#isClosed) throw StreamFailure.closed();
  }

  dispose(): void {
    this.#isClosed = true;
    this.#file.release();
  }

  #writeAll(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const count = writeAt(this.#file.fd, bytes.subarray(done), this.#offset);
      done += count;
      if (this.#offset !== undefined) this.#offset += BigInt(count);
    }
  }
}

/** Like pwrite, or like write where there is no offset; returns the number of bytes written. */
export function writeAt(fd: number, bytes: Uint8Array, offset: bigint | undefined): number {
  // Node takes 64-bit positions for reading only.
  const position = offset === undefined ? null : Number(offset);
  return writeSync(fd, bytes, 0, bytes.length, position);
}
