import { Readable } from "node:stream";
import { limits } from "../../limits.ts";
import { StreamFailure } from "../io/streams.ts";
import type { OutputStream } from "../io/streams.ts";
import { Wakeup } from "../io/wakeup.ts";
import type { BodyEnd } from "./body-writer.ts";
import { HttpFailure, plainError } from "./error-code.ts";

/**
 * The body of an outgoing request between the guest that writes and the connection that reads. The
 * guest may write while fewer than `limits.outboundBufferBytes` wait to be sent.
 */
export class RequestBody implements OutputStream, BodyEnd {
  /** What the connection reads; destroyed by whoever gives up first. */
  readonly readable: Readable;
  readonly #wakeup = new Wakeup();

  constructor() {
    const wake = (): void => this.#wakeup.wake();
    this.readable = new Readable({ highWaterMark: limits.outboundBufferBytes, read: wake });
    // The error reaches the guest through the call; without a listener Node would end the process.
    this.readable.on("error", wake).on("close", wake);
  }

  isReady(): boolean {
    return this.readable.destroyed || this.readable.readableLength < limits.outboundBufferBytes;
  }

  wait(): Promise<void> {
    return this.isReady() ? Promise.resolve() : this.#wakeup.wait();
  }

  checkWrite(): number {
    if (this.readable.destroyed) throw StreamFailure.closed();
    return this.isReady() ? limits.streamWriteBytesMax : 0;
  }

  write(bytes: Uint8Array): void {
    if (this.readable.destroyed) throw StreamFailure.closed();
    if (bytes.length > 0) this.readable.push(bytes);
  }

  /** The connection sends what it can by itself; a request that is not handled yet never would. */
  flush(): void {
    if (this.readable.destroyed) throw StreamFailure.closed();
  }

  dispose(): void {}

  /** Trailers never come here: `outgoing-body.finish` refuses them. */
  finish(): void {
    if (!this.readable.destroyed) this.readable.push(null);
  }

  abort(): void {
    this.readable.destroy(new HttpFailure(plainError("HTTP-protocol-error")));
  }
}
