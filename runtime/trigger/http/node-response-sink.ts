import { errorText, trap, WhorlError } from "../../error.ts";
import { limits } from "../../limits.ts";
import type { HeaderList, IncomingExchange, ResponseSink } from "../../wasi/http/exchange.ts";
import { StreamFailure } from "../../wasi/io/streams.ts";
import type { OutputStream } from "../../wasi/io/streams.ts";
import type { Invocation } from "../../telemetry/telemetry.ts";
import { Wakeup } from "../../wasi/io/wakeup.ts";
import { emptyResponse } from "./plain-response.ts";
import { responseHead } from "./response-head.ts";
import type { Inbound, Outgoing, Wire } from "./wire.ts";

/** Told once about a response that cannot be what the guest wanted. */
export type FailureListener = (exchange: IncomingExchange, reason: string) => void;

/** Who hears of a response. */
export interface SinkListeners {
  readonly invocation: Invocation;
  readonly onFailure: FailureListener;
}

/**
 * A response on its way to a client, and the stream of its body. Head and first chunk are held back
 * until the turn of the event loop ends, so that a small response leaves in one write.
 */
export class NodeResponseSink<T extends Outgoing> implements ResponseSink, OutputStream {
  readonly #response: T;
  readonly #wire: Wire<T>;
  readonly #exchange: IncomingExchange;
  readonly #onFailure: FailureListener;
  readonly #invocation: Invocation;
  #state: "waiting" | "open" | "finished" | "aborted" = "waiting";
  #hasBody = true;
  /** Bytes that content-length still promises; undefined where the guest has set none. */
  #promised: number | undefined;
  #held: Uint8Array | undefined;
  #isHeld = true;
  #wakeup: Wakeup | undefined;

  constructor(inbound: Inbound<T>, exchange: IncomingExchange, listeners: SinkListeners) {
    this.#response = inbound.response;
    this.#wire = inbound.wire;
    this.#exchange = exchange;
    this.#onFailure = listeners.onFailure;
    this.#invocation = listeners.invocation;
  }

  /** Throws WhorlError `trap` for a head that HTTP cannot carry; the response is still to be had. */
  head(status: number, headers: HeaderList): OutputStream {
    if (this.#state !== "waiting") trap("the response has a head already");
    const { head, contentLength } = responseHead(this.#exchange.method, status, headers);
    try {
      this.#wire.head(this.#response, head);
    } catch (error) {
      trap(`the head of the response is not valid HTTP: ${errorText(error)}`);
    }
    this.#state = "open";
    this.#invocation.responded(status);
    this.#hasBody = head.hasBody;
    this.#promised = contentLength;
    setImmediate(release, this);
    return this;
  }

  finish(trailers: HeaderList): void {
    if (this.#state !== "open") return;
    if (this.#hasBody && this.#promised !== undefined && this.#promised > 0) {
      this.abort(`the body is ${this.#promised} bytes shorter than its content-length`);
      return;
    }
    this.#state = "finished";
    if (this.#hasBody) this.#wire.trailers(this.#response, trailers);
    const held = this.#held;
    this.#isHeld = false;
    this.#held = undefined;
    if (held === undefined) this.#response.end();
    else this.#response.end(held);
    this.#wakeup?.wake();
  }

  abort(reason: string): void {
    if (this.#state === "finished" || this.#state === "aborted") return;
    const wasOpen = this.#state === "open";
    const isGone = this.#response.destroyed;
    if (wasOpen) this.release();
    this.#state = "aborted";
    if (wasOpen) this.#wire.abort(this.#response);
    else if (!isGone) this.#wire.plain(this.#response, emptyResponse(500));
    this.#wakeup?.wake();
    if (isGone) return;
    if (!wasOpen) this.#invocation.responded(500);
    this.#invocation.failed(new WhorlError("trap", reason));
    this.#onFailure(this.#exchange, reason);
  }

  /** The executor is done: there must be a head by now. */
  settle(): void {
    if (this.#state === "waiting") this.abort("it ended without a response");
  }

  isReady(): boolean {
    return this.#state !== "open" || !this.#response.writableNeedDrain || this.#response.destroyed;
  }

  wait(): Promise<void> {
    if (this.isReady()) return Promise.resolve();
    return (this.#wakeup ??= this.#watch()).wait();
  }

  checkWrite(): number {
    this.#assertOpen();
    return this.#response.writableNeedDrain ? 0 : limits.streamWriteBytesMax;
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
    if (this.#isHeld && this.#held === undefined) {
      this.#held = bytes;
      return;
    }
    this.release();
    this.#response.write(bytes);
  }

  /** What is held back leaves within this turn of the event loop anyway. */
  flush(): void {
    this.#assertOpen();
  }

  dispose(): void {
    // Only finish() and abort() end the body.
  }

  /** Sends what is held back. */
  release(): void {
    if (!this.#isHeld || this.#state !== "open") return;
    this.#isHeld = false;
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) this.#wire.flushHead(this.#response);
    else this.#response.write(held);
  }

  #assertOpen(): void {
    if (this.#state !== "open" || this.#response.destroyed) throw StreamFailure.closed();
  }

  #watch(): Wakeup {
    const wakeup = new Wakeup();
    const wake = (): void => wakeup.wake();
    this.#response.on("drain", wake);
    this.#response.on("close", wake);
    return wakeup;
  }
}

function release(sink: { release(): void }): void {
  sink.release();
}
