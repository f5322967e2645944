import { trap } from "../error.ts";
import type { ComponentState } from "./component-state.ts";
import { type Chunk, type CopyBuffer, HostReadBuffer } from "./copy-buffer.ts";
import type { StreamChunk, StreamReader } from "./host-values.ts";
import { SharedEnds } from "./shared-ends.ts";

/** CanonicalABI.md: `CopyResult`. */
export const copyResults = { completed: 0, dropped: 1, cancelled: 2 } as const;

/** What the one side of a stream hears of its read or write. */
export interface CopyListener {
  /** Items were copied; the buffer may be taken back by `reclaim`. */
  progress(reclaim: () => void): void;
  done(result: number): void;
}

/** Items of one read of the host, unless it asks for less. */
const hostReadItemsMax = 64 * 1024;

/** What both ends of a stream have together; to the host, its readable end. */
export abstract class SharedStream extends SharedEnds implements StreamReader {
  abstract guestRead(buffer: CopyBuffer, listener: CopyListener): void;
  abstract guestWrite(buffer: CopyBuffer, listener: CopyListener): void;
  /** Takes back the read or write under way, which a buffer is waiting for. */
  abstract cancel(): void;
  abstract read(max?: number): Promise<StreamChunk | undefined>;
  abstract cancelRead(): void;

  async *[Symbol.asyncIterator](): AsyncGenerator<StreamChunk, undefined> {
    try {
      for (;;) {
        const chunk = await this.read();
        if (chunk === undefined) return undefined;
        yield chunk;
      }
    } finally {
      this.drop();
    }
  }

  protected get hostReadMax(): number {
    return hostReadItemsMax;
  }
}

interface PendingCopy {
  readonly buffer: CopyBuffer;
  readonly listener: CopyListener;
}

/** A stream whose writable end is a guest's (CanonicalABI.md, `SharedStreamImpl`). */
export class GuestStream extends SharedStream {
  #isDropped = false;
  #pending: PendingCopy | undefined;
  #hostRead: (() => void) | undefined;

  readonly #reclaim = (): void => {
    this.#pending = undefined;
  };

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
    if (this.#isDropped) return listener.done(copyResults.dropped);
    const other = this.#pending;
    if (other === undefined) {
      this.#pending = { buffer, listener };
      return;
    }
    this.#checkInstances(buffer.instance, other);
    if (other.buffer.remaining > 0) {
      if (buffer.remaining > 0) {
        const count = this.#countFor(buffer, other.buffer);
        buffer.write(other.buffer.read(count));
        other.listener.progress(this.#reclaim);
      }
      return listener.done(copyResults.completed);
    }
    this.#notify(copyResults.completed);
    this.#pending = { buffer, listener };
  }

  guestWrite(buffer: CopyBuffer, listener: CopyListener): void {
    if (this.#isDropped) return listener.done(copyResults.dropped);
    const other = this.#pending;
    if (other === undefined) {
      this.#pending = { buffer, listener };
      return;
    }
    this.#checkInstances(buffer.instance, other);
    if (other.buffer.remaining > 0) {
      if (buffer.remaining > 0) {
        const count = this.#countFor(buffer, other.buffer);
        other.buffer.write(buffer.read(count));
        other.listener.progress(this.#reclaim);
      }
      return listener.done(copyResults.completed);
    }
    if (buffer.isZeroLength && other.buffer.isZeroLength) {
      return listener.done(copyResults.completed);
    }
    this.#notify(copyResults.completed);
    this.#pending = { buffer, listener };
  }

  /** Further items wait for the next read: either side may be told of fewer than it has room for. */
  #countFor(a: CopyBuffer, b: CopyBuffer): number {
    return Math.min(a.remaining, b.remaining, this.kind.copyItemsMax);
  }

  #checkInstances(instance: ComponentState | undefined, other: PendingCopy): void {
    if (this.kind.isNumeric || instance === undefined) return;
    if (instance === other.buffer.instance) {
      trap("cannot read from and write to intra-component future/stream with non-numeric payload");
    }
  }

  read(max: number = this.hostReadMax): Promise<StreamChunk | undefined> {
    if (this.#hostRead !== undefined) {
      return Promise.reject(new TypeError("another read of this stream is under way"));
    }
    if (max < 1) return Promise.resolve(this.#empty);
    const { store } = this;
    if (store.failure !== undefined) return Promise.reject(store.failure);
    const buffer = new HostReadBuffer(max, this.kind.isBytes);
    return new Promise((resolve, reject) => {
      const onFailure = {
        isWaiting: false,
        fail: (error: Error): void => {
          this.#hostRead = undefined;
          reject(error);
        },
      };
      const settle = (chunk: Chunk | undefined): void => {
        this.#hostRead = undefined;
        store.listeners.delete(onFailure);
        resolve(chunk as StreamChunk | undefined);
      };
      const listener: CopyListener = {
        progress: (reclaim) => {
          reclaim();
          settle(buffer.chunk);
        },
        done: (result) => {
          if (buffer.chunk !== undefined) settle(buffer.chunk);
          else settle(result === copyResults.cancelled ? this.#empty : undefined);
        },
      };
      store.listeners.add(onFailure);
      this.#hostRead = () => this.cancel();
      store.guard(() => this.guestRead(buffer, listener));
    });
  }

  cancelRead(): void {
    this.#hostRead?.();
  }

  get #empty(): StreamChunk {
    return (this.kind.isBytes ? new Uint8Array(0) : []) as StreamChunk;
  }
}
