import { limits } from "../../limits.ts";

/** What a fast store answers at once and a distant one later. */
export type Awaitable<T> = T | Promise<T>;

/**
 * One key-value store behind a label: shared by all instances of an app, safe to use by many at
 * once. What goes wrong is thrown, as an Error whose message may be shown to the guest.
 */
export interface KeyValueStore extends AsyncDisposable {
  /** For people: `Redis at host:port`. */
  readonly summary: string;
  get(key: string): Awaitable<Uint8Array | undefined>;
  set(key: string, value: Uint8Array): Awaitable<void>;
  /** A key that is not there is fine. */
  delete(key: string): Awaitable<void>;
  exists(key: string): Awaitable<boolean>;
  /** All keys, in no particular order. */
  getKeys(): Awaitable<string[]>;
  /** As getKeys, but without having all of them in memory. */
  iterateKeys(): AsyncIterable<string>;
  /** One pair for each key asked for, in that order; undefined where there is no value. */
  getMany(keys: readonly string[]): Awaitable<KeyValuePair[]>;
  setMany(pairs: readonly (readonly [string, Uint8Array])[]): Awaitable<void>;
  deleteMany(keys: readonly string[]): Awaitable<void>;
  /** Adds to a number, 0 where there is none, and gives the sum. */
  increment(key: string, delta: bigint): Awaitable<bigint>;
  compareAndSwap(key: string): CompareAndSwap;
}

export type KeyValuePair = [string, Uint8Array | undefined];

/** One optimistic change of a value. */
export interface CompareAndSwap {
  /** The value now; swap() succeeds only if it is still the same then. */
  current(): Awaitable<Uint8Array | undefined>;
  /**
   * Writes the value and gives true, or false if the value is no longer what current() gave. If
   * current() gave none, there must still be none; if it was never asked, any value is replaced.
   */
  swap(value: Uint8Array): Awaitable<boolean>;
}

/** Counts what one answer holds in memory. */
export class AnswerSize {
  #bytes = 0;

  /** @throws Error when the answer is more than the host may buffer. */
  add(text: string | undefined, bytes: Uint8Array | undefined): void {
    this.#bytes += 24 + (bytes?.byteLength ?? 0);
    if (text !== undefined) this.#bytes += Buffer.byteLength(text);
    if (this.#bytes > limits.bufferedBodyBytesMax) {
      throw new Error(`query result exceeds limit of ${limits.bufferedBodyBytesMax} bytes`);
    }
  }
}

/** The value, if it is not more than the host may buffer. */
export function boundedValue(value: Uint8Array | undefined): Uint8Array | undefined {
  if (value !== undefined && value.byteLength > limits.bufferedBodyBytesMax) {
    throw new Error(`query result exceeds limit of ${limits.bufferedBodyBytesMax} bytes`);
  }
  return value;
}
