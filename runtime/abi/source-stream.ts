import { trap, WhorlError } from "../error.ts";
import { type Chunk, type CopyBuffer, firstOf, restOf } from "./copy-buffer.ts";
import type { StreamChunk, StreamSource } from "./host-values.ts";
import type { ElementKind } from "./shared-ends.ts";
import { type CopyListener, copyResults, SharedStream } from "./shared-stream.ts";
import type { Store } from "./store.ts";

/** A stream whose items come from the host. */
export class SourceStream extends SharedStream {
  readonly #source: StreamSource;
  /** Of the store, in which it was given away. */
  readonly #life: number;
  #isDropped = false;
  /** Pulled, but not yet read. */
  #rest: Chunk | undefined;
  /** Settles when the pull under way has been taken in. */
  #pulling: Promise<void> | undefined;
  #pending: { readonly buffer: CopyBuffer; readonly listener: CopyListener } | undefined;
  #cancelHostRead: (() => void) | undefined;

  constructor(store: Store, kind: ElementKind, source: StreamSource) {
    super(store, kind);
    this.#source = source;
    this.#life = store.life;
  }

  guestRead(buffer: CopyBuffer, listener: CopyListener): void {
    if (this.#isDropped) return listener.done(copyResults.dropped);
    if (buffer.isZeroLength) return listener.done(copyResults.completed);
    this.#pending = { buffer, listener };
    if (this.#rest !== undefined) return this.#deliver();
    if (this.#pulling === undefined) this.#pull(buffer.remaining);
  }

  guestWrite(): void {
    trap("the writable end of this stream is the host's");
  }

  #pull(max: number): void {
    const pulled = this.#source.pull(max);
    if (!isPromiseLike(pulled)) return this.#take(pulled);
    const store = this.#pending?.buffer.instance?.store ?? this.store;
    store.outside++;
    const { life } = store;
    const settled = (next: () => void): void => {
      if (store.life === life) this.#settled(store, next);
      else this.#pulling = undefined;
    };
    this.#pulling = Promise.resolve(pulled).then(
      (chunk) => settled(() => this.#take(chunk)),
      (error: unknown) => settled(() => this.#fail(store, error)),
    );
  }

  #settled(store: Store, next: () => void): void {
    this.#pulling = undefined;
    store.outside--;
    if (this.#pending === undefined) store.guard(next);
    else store.enqueue(next);
  }

  #fail(store: Store, error: unknown): void {
    this.close();
    store.fail(error);
  }

  /** Takes in what was pulled. */
  #take(chunk: Chunk | undefined): void {
    if (chunk === undefined) return this.close();
    if (chunk.length === 0) throw new TypeError("a stream source has pulled an empty chunk");
    this.#rest = chunk;
    this.#deliver();
  }

  #deliver(): void {
    const pending = this.#pending;
    const chunk = this.#rest;
    if (pending === undefined || chunk === undefined || this.#isDropped) return;
    this.#pending = undefined;
    const count = Math.min(pending.buffer.remaining, chunk.length);
    this.#rest = restOf(chunk, count);
    pending.buffer.write(firstOf(chunk, count));
    pending.listener.done(copyResults.completed);
  }

  cancel(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.listener.done(copyResults.cancelled);
  }

  close(): void {
    if (this.#isDropped) return;
    this.#isDropped = true;
    this.#rest = undefined;
    const pending = this.#pending;
    this.#pending = undefined;
    this.#source.drop?.();
    pending?.listener.done(copyResults.dropped);
    this.#cancelHostRead?.();
  }

  /** The host reads back what it has given to a guest. */
  async read(max: number = this.hostReadMax): Promise<StreamChunk | undefined> {
    if (this.#rest === undefined && !this.#isDropped) await this.#fill(max);
    if (this.#isDropped) return undefined;
    const chunk = this.#rest ?? (this.kind.isBytes ? new Uint8Array(0) : []);
    this.#rest = restOf(chunk, max);
    return firstOf(chunk, max) as StreamChunk;
  }

  /** Resolves when there is something to read, or nothing any more, or the read is taken back. */
  async #fill(max: number): Promise<void> {
    const { store } = this;
    if (store.failure !== undefined) throw store.failure;
    if (store.life !== this.#life) throw new WhorlError("trap", "the instance has ended");
    let isCancelled = false;
    const { promise: interrupted, resolve, reject } = Promise.withResolvers<void>();
    // A source that answers at once lets nobody wait for it.
    interrupted.catch(() => undefined);
    this.#cancelHostRead = () => {
      isCancelled = true;
      resolve();
    };
    const onFailure = { isWaiting: false, fail: reject };
    store.listeners.add(onFailure);
    try {
      while (this.#rest === undefined && !this.#isDropped && !isCancelled) {
        if (this.#pulling === undefined) this.#pull(max);
        if (this.#pulling !== undefined) await Promise.race([this.#pulling, interrupted]);
      }
    } finally {
      store.listeners.delete(onFailure);
      this.#cancelHostRead = undefined;
    }
  }

  cancelRead(): void {
    this.#cancelHostRead?.();
  }
}

export function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    typeof value === "object" &&
    value !== null &&
    "then" in value &&
    typeof value.then === "function"
  );
}
