/**
 * How streams, futures and error contexts look to host functions. Values of any WIT type travel in
 * them, in the JavaScript form that host-interface.ts gives for parameters.
 */

/** Items of a stream: bytes for `stream<u8>`, an array for any other element type. */
export type StreamChunk<T = unknown> = T extends Uint8Array ? Uint8Array : readonly T[];

/**
 * A `stream<T>` that the host gives away, as argument, result or inside a value. The engine pulls
 * only while the guest reads, one pull at a time.
 *
 * `stream` without a type carries nothing but a count: chunks are arrays of `undefined`.
 */
export interface StreamSource<T = unknown> {
  /**
   * The next items, at least one; undefined at the end. `max` is what the reader has room for: a
   * longer chunk is kept and handed over in parts. An error thrown, or a rejection, ends the guest
   * instance (a trap): errors of the transport belong into a future beside the stream.
   */
  pull(max: number): StreamChunk<T> | undefined | PromiseLike<StreamChunk<T> | undefined>;
  /** Called once, when nobody reads any more: end reached, reader dropped or instance ended. */
  drop?(): void;
}

/** A `stream<T>` that the guest gave to the host. The host owns it and has to drop it. */
export interface StreamReader<T = unknown> extends Disposable {
  /**
   * Resolves with 1 to `max` items as soon as the writer has some; undefined at the end, when the
   * writer has dropped its end. Rejects when the writer's instance fails or ends before that. One
   * read at a time. Chunks are copies, yours to keep.
   */
  read(max?: number): Promise<StreamChunk<T> | undefined>;
  /**
   * Takes back a read under way: it resolves with an empty chunk, and no item is lost. Does nothing
   * when no read is under way.
   */
  cancelRead(): void;
  /** Tells the writer that nobody reads; a read under way resolves with undefined. Idempotent. */
  drop(): void;
  /** Chunks until the end; leaving the loop early drops the stream. */
  [Symbol.asyncIterator](): AsyncIterator<StreamChunk<T>, undefined>;
}

/** A `future<T>` that the host gives away: a promise, or this when dropping matters. */
export interface FutureSource<T = unknown> {
  /** A rejection ends the guest instance (a trap): declared errors are part of T. */
  readonly value: PromiseLike<T>;
  /** Called once, when nobody reads any more: value delivered, reader dropped, instance ended. */
  drop?(): void;
}

/** A `future<T>` that the guest gave to the host. The host owns it and has to drop it. */
export interface FutureReader<T = unknown> extends Disposable {
  /** The value, once. Rejects when the writer's instance fails or ends before it has written. */
  read(): Promise<T>;
  /** Tells the writer that nobody reads. Idempotent. */
  drop(): void;
}

/** `error-context`: made by either side, passed by reference, equal in nothing but its message. */
export class ErrorContext {
  readonly debugMessage: string;

  constructor(debugMessage: string) {
    this.debugMessage = debugMessage;
  }
}

/**
 * Last argument of every host function whose WIT type is `async`. When the guest cancels the call,
 * or its instance ends, the signal aborts; what the function resolves with afterwards is ignored,
 * so it has to release by itself what nobody will receive.
 */
export interface HostCall {
  /** Made when first asked for. */
  readonly signal: AbortSignal;
}
