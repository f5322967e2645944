import type { Readable, Writable } from "node:stream";
import { limits } from "../../limits.ts";
import { StreamFailure } from "./streams.ts";
import type { InputStream, OutputStream } from "./streams.ts";
import { Wakeup } from "./wakeup.ts";

/**
 * The bytes of a Node stream as a wasi:io input-stream. The end is `closed`; an error, or a close
 * before the end, is `last-operation-failed` once and `closed` from then on. Bytes that arrived
 * before an error are still delivered. The node stream stays with its owner: disposing only
 * detaches, unless `atDispose` does more (`(readable) => readable.destroy()`).
 */
export function readableInputStream(
  readable: Readable,
  atDispose?: (readable: Readable) => void,
): InputStream {
  return new NodeInputStream(readable, atDispose);
}

/**
 * A Node stream as a wasi:io output-stream. Back-pressure is the node stream's own: check-write
 * permits nothing while it wants to drain, and a flush is done when it does not. An error is
 * `last-operation-failed` once, an ended or closed node stream is `closed`. Disposing only
 * detaches, unless `atDispose` does more (`(writable) => writable.end()`).
 */
export function writableOutputStream(
  writable: Writable,
  atDispose?: (writable: Writable) => void,
): OutputStream {
  return new NodeOutputStream(writable, atDispose);
}

/** Errors are found by looking at `errored`; without a listener Node would end the process. */
function seenLater(): void {}

class NodeInputStream implements InputStream {
  readonly #readable: Readable;
  readonly #atDispose: ((readable: Readable) => void) | undefined;
  readonly #wakeup = new Wakeup();
  #wake: (() => void) | undefined;
  #failed = false;

  constructor(readable: Readable, atDispose: ((readable: Readable) => void) | undefined) {
    this.#readable = readable;
    this.#atDispose = atDispose;
    if (readable.listenerCount("error") === 0) readable.on("error", seenLater);
  }

  isReady(): boolean {
    const readable = this.#readable;
    return readable.readableLength > 0 || readable.readableEnded || readable.destroyed;
  }

  wait(): Promise<void> {
    if (this.isReady()) return Promise.resolve();
    this.#attach();
    // Starts a source that nobody has read from, and announces an end that nobody has asked for.
    this.#readable.read(0);
    return this.#wakeup.wait();
  }

  read(length: number): Uint8Array {
    const readable = this.#readable;
    const bytes = this.#take(length);
    if (bytes !== undefined) return bytes;
    if (readable.readableEnded || this.#failed) throw StreamFailure.closed();
    if (readable.destroyed) {
      this.#failed = true;
      throw StreamFailure.failed(
        readable.errored ?? new Error("the stream was closed before its end"),
      );
    }
    readable.read(0);
    return this.#take(length) ?? new Uint8Array(0);
  }

  dispose(): void {
    const wake = this.#wake;
    if (wake !== undefined) {
      for (const event of inputEvents) this.#readable.off(event, wake);
      wake();
    }
    this.#atDispose?.(this.#readable);
  }

  #take(length: number): Uint8Array | undefined {
    // Asking for more than there is would return nothing.
    const available = Math.min(length, this.#readable.readableLength, limits.streamReadBytesMax);
    if (available === 0) return this.#readable.readableLength > 0 ? new Uint8Array(0) : undefined;
    return (this.#readable.read(available) as Uint8Array | null) ?? undefined;
  }

  #attach(): void {
    if (this.#wake !== undefined) return;
    const wake = (): void => this.#wakeup.wake();
    this.#wake = wake;
    for (const event of inputEvents) this.#readable.on(event, wake);
  }
}

const inputEvents = ["readable", "end", "error", "close"] as const;
const outputEvents = ["drain", "finish", "error", "close"] as const;

class NodeOutputStream implements OutputStream {
  readonly #writable: Writable;
  readonly #atDispose: ((writable: Writable) => void) | undefined;
  readonly #wakeup = new Wakeup();
  #wake: (() => void) | undefined;
  #failed = false;

  constructor(writable: Writable, atDispose: ((writable: Writable) => void) | undefined) {
    this.#writable = writable;
    this.#atDispose = atDispose;
    if (writable.listenerCount("error") === 0) writable.on("error", seenLater);
  }

  isReady(): boolean {
    const writable = this.#writable;
    return !writable.writableNeedDrain || writable.destroyed || writable.writableEnded;
  }

  wait(): Promise<void> {
    if (this.isReady()) return Promise.resolve();
    this.#attach();
    return this.#wakeup.wait();
  }

  checkWrite(): number {
    this.#assertOpen();
    return this.#writable.writableNeedDrain ? 0 : limits.streamWriteBytesMax;
  }

  write(bytes: Uint8Array): void {
    this.#assertOpen();
    this.#writable.write(bytes);
  }

  flush(): void {
    // Node sends what it holds without being asked; isReady() says when that is little enough.
    this.#assertOpen();
  }

  dispose(): void {
    const wake = this.#wake;
    if (wake !== undefined) {
      for (const event of outputEvents) this.#writable.off(event, wake);
      wake();
    }
    this.#atDispose?.(this.#writable);
  }

  #assertOpen(): void {
    const { errored, destroyed, writableEnded } = this.#writable;
    if (errored !== null && errored !== undefined && !this.#failed) {
      this.#failed = true;
      throw StreamFailure.failed(errored);
    }
    if (destroyed || writableEnded) throw StreamFailure.closed();
  }

  #attach(): void {
    if (this.#wake !== undefined) return;
    const wake = (): void => this.#wakeup.wake();
    this.#wake = wake;
    for (const event of outputEvents) this.#writable.on(event, wake);
  }
}
