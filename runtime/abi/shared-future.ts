import { trap, WhorlError } from "../error.ts";
import type { CopyBuffer } from "./copy-buffer.ts";
import { HostReadBuffer } from "./copy-buffer.ts";
import type { FutureReader, FutureSource } from "./host-values.ts";
import { type ElementKind, SharedEnds } from "./shared-ends.ts";
import { type CopyListener, copyResults } from "./shared-stream.ts";
import type { Store } from "./store.ts";

/** What both ends of a future have together; to the host, its readable end. */
export abstract class SharedFuture extends SharedEnds implements FutureReader {
  abstract guestRead(buffer: CopyBuffer, listener: CopyListener): void;
  abstract guestWrite(buffer: CopyBuffer, listener: CopyListener): void;
  abstract cancel(): void;
  abstract read(): Promise<unknown>;
}

/** A future whose writable end is a guest's (CanonicalABI.md, `SharedFutureImpl`). */
export class GuestFuture extends SharedFuture {
  #isDropped = false;
  #pending: { readonly buffer: CopyBuffer; readonly listener: CopyListener } | undefined;

  #notify(result: number): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.listener.done(result);
  }

  cancel(): void {
    this.#notify(copyResults.cancelled);
  }

  close(): void {
    if (this.#isDropped) return;
    this.#isDropped = true;
    if (this.#pending !== undefined) this.#notify(copyResults.dropped);
  }

  guestRead(buffer: CopyBuffer, listener: CopyListener): void {
    const other = this.#pending;
    if (other === undefined) {
      this.#pending = { buffer, listener };
      return;
    }
    this.#transfer(other.buffer, buffer);
    this.#notify(copyResults.completed);
    listener.done(copyResults.completed);
  }

  guestWrite(buffer: CopyBuffer, listener: CopyListener): void {
    if (this.#isDropped) return listener.done(copyResults.dropped);
    const other = this.#pending;
    if (other === undefined) {
      this.#pending = { buffer, listener };
      return;
    }
    this.#transfer(buffer, other.buffer);
    this.#notify(copyResults.completed);
    listener.done(copyResults.completed);
  }

  #transfer(from: CopyBuffer, to: CopyBuffer): void {
    if (!this.kind.isNumeric && from.instance !== undefined && from.instance === to.instance) {
      trap("cannot read from and write to intra-component future/stream with non-numeric payload");
    }
    to.write(from.read(1));
  }

  read(): Promise<unknown> {
    const { store } = this;
    if (this.#isDropped || store.failure !== undefined) {
      return Promise.reject(store.failure ?? writerGone());
    }
    const buffer = new HostReadBuffer(1, false);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const onFailure = { isWaiting: false, fail: reject };
    const listener: CopyListener = {
      progress: () => undefined,
      done: (result) => {
        store.listeners.delete(onFailure);
        this.moveIn();
        if (result === copyResults.completed) resolve(buffer.chunk?.[0]);
        else reject(writerGone());
      },
    };
    store.listeners.add(onFailure);
    store.guard(() => this.guestRead(buffer, listener));
    return promise;
  }
}

function writerGone(): WhorlError {
  return new WhorlError("trap", "the future was dropped");
}

/** A future whose value comes from the host. */
export class SourceFuture extends SharedFuture {
  readonly #source: FutureSource;
  #isClosed = false;
  #isWaiting = false;
  #pending: { readonly buffer: CopyBuffer; readonly listener: CopyListener } | undefined;
  #value: { readonly value: unknown } | undefined;

  constructor(store: Store, kind: ElementKind, source: FutureSource) {
    super(store, kind);
    this.#source = source;
    // Whether anybody reads it or not: a rejection that nobody sees would end the process.
    Promise.resolve(source.value).catch(() => undefined);
  }

  guestRead(buffer: CopyBuffer, listener: CopyListener): void {
    this.#pending = { buffer, listener };
    if (this.#value !== undefined) return this.#deliver();
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    const store = buffer.instance?.store ?? this.store;
    store.outside++;
    const { life } = store;
    const settled = (next: () => void): void => {
      if (store.life !== life) return;
      store.outside--;
      if (!this.#isClosed) store.enqueue(next);
    };
    Promise.resolve(this.#source.value).then(
      (value) => settled(() => this.#take(value)),
      (error: unknown) => settled(() => void store.fail(error)),
    );
  }

  #take(value: unknown): void {
    this.#value = { value };
    this.#deliver();
  }

  #deliver(): void {
    const pending = this.#pending;
    if (pending === undefined || this.#value === undefined) return;
    this.#pending = undefined;
    pending.buffer.write([this.#value.value]);
    pending.listener.done(copyResults.completed);
    this.close();
  }

  guestWrite(): void {
    trap("the writable end of this future is the host's");
  }

  cancel(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.listener.done(copyResults.cancelled);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#source.drop?.();
  }

  /** The host reads back what it has given to a guest. */
  async read(): Promise<unknown> {
    const value = await this.#source.value;
    this.drop();
    return value;
  }
}
