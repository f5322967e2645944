import { limits } from "../../limits.ts";
import { StreamFailure } from "../io/streams.ts";
import type { OutputStream } from "../io/streams.ts";
import { Wakeup } from "../io/wakeup.ts";
import { HttpFailure } from "./error-code.ts";
import type { ErrorCode } from "./error-code.ts";
import type { HeaderList, ResponseSink } from "./exchange.ts";

/** How a body ends; see {@link ResponseSink}. */
export type BodyEnd = Pick<ResponseSink, "finish" | "abort">;

/** Which of the two messages a body belongs to: decides the error-code of a wrong length. */
export type BodyOf = "request" | "response";

type Ending =
  | { readonly kind: "finish"; readonly trailers: HeaderList }
  | { readonly kind: "abort"; readonly reason: string };

/**
 * The stream of an outgoing-body. A guest may write before its response is set: until
 * {@link connect} the bytes wait here, up to `limits.streamWriteBytesMax`; from then on writes go
 * straight through. Refuses what exceeds a declared content-length.
 */
export class BodyWriter implements OutputStream {
  readonly #of: BodyOf;
  readonly #declared: number | undefined;
  #written = 0;
  #target: OutputStream | undefined;
  #end: BodyEnd | undefined;
  #pending: Uint8Array[] | undefined;
  #pendingBytes = 0;
  #ending: Ending | undefined;
  #wakeup: Wakeup | undefined;
  /** Whether the guest holds the stream. */
  isOpen = false;

  constructor(of: BodyOf, declared: number | undefined) {
    this.#of = of;
    this.#declared = declared;
  }

  /** Whether {@link finish} or {@link abort} was called. */
  get isEnded(): boolean {
    return this.#ending !== undefined;
  }

  /** Sends what was written so far, and from now on what is written. */
  connect(target: OutputStream, end: BodyEnd): void {
    this.#target = target;
    this.#end = end;
    this.#drain();
  }

  /** The error when the length differs from the declared one. */
  lengthError(): ErrorCode | undefined {
    if (this.#declared === undefined || this.#declared === this.#written) return undefined;
    return this.#wrongLength();
  }

  /** The content is complete. */
  finish(trailers: HeaderList): void {
    this.#settle({ kind: "finish", trailers });
  }

  /** The content will not be completed; what has not been sent yet is dropped. */
  abort(reason: string): void {
    this.#pending = undefined;
    this.#pendingBytes = 0;
    this.#settle({ kind: "abort", reason });
  }

  isReady(): boolean {
    if (this.#ending !== undefined) return true;
    if (this.#target !== undefined && this.#pending === undefined) return this.#target.isReady();
    return this.#pendingBytes < limits.streamWriteBytesMax;
  }

  wait(): Promise<void> {
    if (this.isReady()) return Promise.resolve();
    if (this.#target !== undefined && this.#pending === undefined) return this.#target.wait();
    return (this.#wakeup ??= new Wakeup()).wait();
  }

  checkWrite(): number {
    if (this.#ending !== undefined) throw StreamFailure.closed();
    if (this.#target !== undefined && this.#pending === undefined) {
      return this.#target.checkWrite();
    }
    return limits.streamWriteBytesMax - this.#pendingBytes;
  }

  write(bytes: Uint8Array): void {
    if (this.#ending !== undefined) throw StreamFailure.closed();
    this.#written += bytes.length;
    if (this.#declared !== undefined && this.#written > this.#declared) {
      throw StreamFailure.failed(new HttpFailure(this.#wrongLength()));
    }
    if (this.#target !== undefined && this.#pending === undefined) {
      this.#target.write(bytes);
    } else if (bytes.length > 0) {
      (this.#pending ??= []).push(bytes);
      this.#pendingBytes += bytes.length;
    }
  }

  /** Before the connection there is nothing to wait for: waiting would never end. */
  flush(): void {
    if (this.#ending !== undefined) throw StreamFailure.closed();
    if (this.#target !== undefined && this.#pending === undefined) this.#target.flush();
  }

  dispose(): void {
    this.isOpen = false;
  }

  #wrongLength(): ErrorCode {
    return { tag: `HTTP-${this.#of}-body-size`, val: BigInt(this.#written) };
  }

  #settle(ending: Ending): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    if (this.#pending === undefined) this.#close();
    this.#wakeup?.wake();
  }

  #close(): void {
    const ending = this.#ending;
    const target = this.#target;
    if (ending === undefined || target === undefined) return;
    this.#target = undefined;
    target.dispose();
    if (ending.kind === "finish") this.#end?.finish(ending.trailers);
    else this.#end?.abort(ending.reason);
  }

  #drain(): void {
    try {
      if (!this.#sendPending()) return;
      this.#pending = undefined;
      this.#close();
    } catch (error) {
      if (!(error instanceof StreamFailure)) throw error;
      // The peer is gone. The guest sees it at its next write, unless it has finished.
      this.#pending = undefined;
      this.#pendingBytes = 0;
      if (this.#ending !== undefined) this.#ending = { kind: "abort", reason: error.message };
      this.#close();
    }
    this.#wakeup?.wake();
  }

  /** False when the peer has to catch up first; it continues by itself then. */
  #sendPending(): boolean {
    const target = this.#target;
    const pending = this.#pending;
    if (target === undefined || pending === undefined) return true;
    for (;;) {
      const chunk = pending[0];
      if (chunk === undefined) return true;
      const room = target.checkWrite();
      if (room === 0) {
        void target.wait().then(() => this.#drain());
        return false;
      }
      target.write(chunk.length <= room ? chunk : chunk.subarray(0, room));
      if (chunk.length <= room) pending.shift();
      else pending[0] = chunk.subarray(room);
      this.#pendingBytes -= Math.min(room, chunk.length);
    }
  }
}
