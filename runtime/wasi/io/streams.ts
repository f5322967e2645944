import type { Pollable } from "./pollable.ts";

/** The payload of wasi:io/streams `stream-error.last-operation-failed` and of wasi:io/error. */
export class IoError {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }

  toDebugString(): string {
    return this.cause instanceof Error ? this.cause.message : String(this.cause);
  }
}

/** wasi:io/streams `stream-error`; the error inside `last-operation-failed` is an own<error>. */
export type StreamError =
  | { readonly tag: "last-operation-failed"; readonly val: IoError }
  | { readonly tag: "closed"; readonly val?: undefined };

/** Ends a read or write; thrown by streams, returned to the guest as `err(error)`. */
export class StreamFailure extends Error {
  readonly error: StreamError;

  constructor(error: StreamError) {
    super(error.tag === "closed" ? "stream closed" : error.val.toDebugString());
    this.error = error;
  }

  /** Always the same one: every stream ends, and an error of its own costs a stack trace. */
  static closed(): StreamFailure {
    return closed;
  }

  static failed(cause: unknown): StreamFailure {
    return new StreamFailure({ tag: "last-operation-failed", val: new IoError(cause) });
  }
}

const closed = new StreamFailure(Object.freeze({ tag: "closed" }));

/**
 * Host side of a wasi:io input-stream. The interface's functions (wasi/io/streams-interface.ts)
 * add blocking, skip and splice on top of these.
 */
export interface InputStream extends Pollable {
  /**
   * Bytes that are there now, at most `length`; empty when none are. Throws {@link StreamFailure}
   * at the end of the stream or on an error.
   */
  read(length: number): Uint8Array;
  dispose(): void;
}

/** Host side of a wasi:io output-stream. `isReady` is true when `checkWrite` would not return 0. */
export interface OutputStream extends Pollable {
  /** Bytes that the next write may have; 0 when the peer has to catch up. Throws StreamFailure. */
  checkWrite(): number;
  /**
   * Takes the bytes: the caller never changes or reads them afterwards, and where they are all of
   * their buffer, it may be given back to the system. Throws StreamFailure.
   */
  write(bytes: Uint8Array): void;
  /** Starts a flush: `isReady` is false until it is done. Throws StreamFailure. */
  flush(): void;
  dispose(): void;
}
