import type { Dispatcher } from "undici";
import { err } from "../../instance/host-interface.ts";
import type { Result } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import { StreamFailure } from "../io/streams.ts";
import type { InputStream } from "../io/streams.ts";
import { Wakeup } from "../io/wakeup.ts";
import type { BodySource } from "./body-source.ts";
import { HttpFailure, plainError } from "./error-code.ts";
import type { ErrorCode } from "./error-code.ts";
import type { HeaderList } from "./exchange.ts";

/**
 * The body of a response between the connection that pushes and the guest that reads. The
 * connection is paused while `limits.outboundBufferBytes` wait to be read, and aborted when it
 * sends nothing for `betweenBytesMs` milliseconds otherwise.
 */
export class ResponseBody implements BodySource, InputStream {
  readonly #controller: Dispatcher.DispatchController;
  readonly #wakeup = new Wakeup();
  readonly #timer: NodeJS.Timeout;
  readonly #chunks: Uint8Array[] = [];
  #chunkOffset = 0;
  #buffered = 0;
  #discarding = false;
  #failureGiven = false;
  #end: Result<HeaderList, ErrorCode> | undefined;

  constructor(controller: Dispatcher.DispatchController, betweenBytesMs: number) {
    this.#controller = controller;
    this.#timer = setTimeout(timeOut, betweenBytesMs, this);
  }

  /** The connection has bytes. */
  push(chunk: Uint8Array): void {
    if (this.#end !== undefined) return;
    this.#timer.refresh();
    if (this.#discarding) return;
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    if (this.#buffered >= limits.outboundBufferBytes) this.#controller.pause();
    this.#wakeup.wake();
  }

  /** The connection has everything, or will have no more. */
  end(result: Result<HeaderList, ErrorCode>): void {
    if (this.#end !== undefined) return;
    clearTimeout(this.#timer);
    this.#end = result;
    this.#wakeup.wake();
  }

  /** No byte came in time; a paused connection may be as slow as its reader. */
  timeOut(): void {
    if (!this.#controller.paused) this.#giveUp(plainError("connection-read-timeout"));
  }

  open(): InputStream {
    return this;
  }

  isReady(): boolean {
    return this.#buffered > 0 || this.#end !== undefined;
  }

  wait(): Promise<void> {
    return this.isReady() ? Promise.resolve() : this.#wakeup.wait();
  }

  read(length: number): Uint8Array {
    const chunk = this.#chunks[0];
    if (chunk === undefined) return this.#readEnd();
    const start = this.#chunkOffset;
    const size = Math.min(length, limits.streamReadBytesMax, chunk.length - start);
    if (start + size === chunk.length) {
      this.#chunks.shift();
      this.#chunkOffset = 0;
    } else {
      this.#chunkOffset = start + size;
    }
    this.#buffered -= size;
    if (this.#buffered < limits.outboundBufferBytes) this.#resume();
    return chunk.subarray(start, start + size);
  }

  /** As a stream: the guest reads no further; whether the rest matters is the body's to say. */
  dispose(): void {
    this.#chunks.length = 0;
    this.#chunkOffset = 0;
    this.#buffered = 0;
  }

  async finish(): Promise<Result<HeaderList, ErrorCode>> {
    this.#discarding = true;
    this.dispose();
    this.#resume();
    while (this.#end === undefined) await this.#wakeup.wait();
    return this.#end;
  }

  cancel(): void {
    this.#giveUp(plainError("connection-terminated"));
  }

  #readEnd(): Uint8Array {
    if (this.#end === undefined) return new Uint8Array(0);
    if (this.#end.tag === "ok" || this.#failureGiven) throw StreamFailure.closed();
    this.#failureGiven = true;
    throw StreamFailure.failed(new HttpFailure(this.#end.val));
  }

  #resume(): void {
    if (!this.#controller.paused || this.#end !== undefined) return;
    this.#timer.refresh();
    this.#controller.resume();
  }

  #giveUp(code: ErrorCode): void {
    if (this.#end !== undefined) return;
    this.end(err(code));
    this.#controller.abort(new HttpFailure(code));
  }
}

function timeOut(body: ResponseBody): void {
  body.timeOut();
}
