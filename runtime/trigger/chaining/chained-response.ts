import type { Dispatcher } from "undici";
import { trap, WhorlError } from "../../error.ts";
import { limits } from "../../limits.ts";
import type { HeaderList, ResponseSink } from "../../wasi/http/exchange.ts";
import { latin1 } from "../../wasi/http/field-syntax.ts";
import { StreamFailure } from "../../wasi/io/streams.ts";
import type { OutputStream } from "../../wasi/io/streams.ts";
import { responseHead } from "../http/response-head.ts";
import { ChainedConnection } from "./chained-connection.ts";

type State = "waiting" | "open" | "finished" | "failed";

/**
 * The response of one component on its way to another: the one that answers writes, the one that
 * has asked reads as from a connection. A reader that pauses holds the writer back.
 */
export class ChainedResponse implements ResponseSink, OutputStream {
  readonly connection = new ChainedConnection();
  readonly #method: string;
  #status = 0;
  readonly #handler: Dispatcher.DispatchHandler;
  #state: State = "waiting";
  #hasBody = true;
  /** Bytes that content-length still announces; undefined where the guest has set none. */
  #promised: number | undefined;

  constructor(method: string, handler: Dispatcher.DispatchHandler) {
    this.#method = method;
    this.#handler = handler;
  }

  /** 0 before the head. */
  get status(): number {
    return this.#status;
  }

  head(status: number, headers: HeaderList): OutputStream {
    if (this.#state !== "waiting") trap("the response has a head already");
    const { head, contentLength } = responseHead(this.#method, status, headers);
    this.#status = head.status;
    this.#state = "open";
    this.#hasBody = head.hasBody;
    this.#promised = contentLength;
    this.connection.rawHeaders = [...head.headers];
    this.#handler.onResponseStart?.(this.connection, head.status, {}, "");
    return this;
  }

  finish(trailers: HeaderList): void {
    if (this.#state !== "open") return;
    if (this.#hasBody && this.#promised !== undefined && this.#promised > 0) {
      this.abort(`the body is ${this.#promised} bytes shorter than its content-length`);
      return;
    }
    this.#state = "finished";
    this.connection.rawTrailers = trailers.flatMap(([name, value]) => [name, latin1(value)]);
    this.#handler.onResponseEnd?.(this.connection, {});
  }

  /** For the reader as if a connection had ended too early. */
  abort(reason: string): void {
    this.fail(Object.assign(new Error(reason), { code: "UND_ERR_SOCKET" }));
  }

  /** Ends it with an error for the reader, if it has not ended yet. */
  fail(error: Error): void {
    if (this.#state === "finished" || this.#state === "failed") return;
    this.#state = "failed";
    this.#handler.onResponseError?.(this.connection, error);
  }

  /** The executor is done. */
  settle(): void {
    if (this.#state !== "waiting") return;
    this.fail(new WhorlError("trap", "the component ended without a response"));
  }

  isReady(): boolean {
    return this.#state !== "open" || this.connection.isReady();
  }

  wait(): Promise<void> {
    return this.isReady() ? Promise.resolve() : this.connection.wait();
  }

  checkWrite(): number {
    this.#assertOpen();
    return this.connection.paused ? 0 : limits.streamWriteBytesMax;
  }

  write(bytes: Uint8Array): void {
    this.#assertOpen();
    if (bytes.length === 0 || !this.#hasBody) return;
    if (this.#promised !== undefined) {
      if (bytes.length > this.#promised) {
        throw StreamFailure.failed(new Error("the body is longer than its content-length"));
      }
      this.#promised -= bytes.length;
    }
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#handler.onResponseData?.(this.connection, chunk);
  }

  /** What was written is with the reader already. */
  flush(): void {
    this.#assertOpen();
  }

  dispose(): void {
    // Only finish() and abort() end the body.
  }

  #assertOpen(): void {
    if (this.#state !== "open" || this.connection.aborted) throw StreamFailure.closed();
  }
}
