import { limits } from "../../limits.ts";
import { GrowingBytes } from "./growing-bytes.ts";
import { ReadyOutputStream } from "./ready-output-stream.ts";
import { StreamFailure } from "./streams.ts";
import type { InputStream, OutputStream } from "./streams.ts";

/** An input-stream that has ended: stdin of a server, the body of a request without one. */
export const emptyInputStream: InputStream = {
  isReady: () => true,
  wait: () => Promise.resolve(),
  read() {
    throw StreamFailure.closed();
  },
  dispose() {},
};

/** An output-stream that takes everything and keeps nothing. */
export const nullOutputStream: OutputStream = {
  isReady: () => true,
  wait: () => Promise.resolve(),
  checkWrite: () => limits.streamWriteBytesMax,
  write() {},
  flush() {},
  dispose() {},
};

/** An input-stream over bytes that do not change; `closed` after the last one. */
export function bytesInputStream(bytes: Uint8Array): InputStream {
  return new BytesInputStream(bytes);
}

/**
 * An output-stream that hands each write to `take` at once. What `take` throws is
 * `last-operation-failed` for the guest if it is a StreamFailure, else a trap.
 */
export function callbackOutputStream(take: (bytes: Uint8Array) => void): OutputStream {
  return new CallbackOutputStream(take);
}

class BytesInputStream implements InputStream {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  isReady(): boolean {
    return true;
  }

  wait(): Promise<void> {
    return Promise.resolve();
  }

  read(length: number): Uint8Array {
    const start = this.#offset;
    if (start >= this.#bytes.length) throw StreamFailure.closed();
    const end = start + Math.min(length, limits.streamReadBytesMax, this.#bytes.length - start);
    this.#offset = end;
    return this.#bytes.subarray(start, end);
  }

  dispose(): void {
    this.#offset = this.#bytes.length;
  }
}

class CallbackOutputStream extends ReadyOutputStream {
  readonly #take: (bytes: Uint8Array) => void;

  constructor(take: (bytes: Uint8Array) => void) {
    super();
    this.#take = take;
  }

  write(bytes: Uint8Array): void {
    this.#take(bytes);
  }
}

/** Collects what is written, up to `bytesMax`; the write that exceeds it fails. */
export class BufferOutputStream extends ReadyOutputStream {
  readonly #bytesMax: number;
  readonly #written = new GrowingBytes();

  constructor(bytesMax: number = limits.bufferedBodyBytesMax) {
    super();
    this.#bytesMax = bytesMax;
  }

  /** Everything written so far. */
  bytes(): Uint8Array {
    return this.#written.bytes();
  }

  write(bytes: Uint8Array): void {
    if (this.#written.length + bytes.length > this.#bytesMax) {
      throw StreamFailure.failed(new Error(`more than ${this.#bytesMax} bytes were written`));
    }
    this.#written.add(bytes);
  }
}
