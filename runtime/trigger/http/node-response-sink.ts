import { errorText, trap, WhorlError } from "../../error.ts";
import { limits } from "../../limits.ts";
import type { HeaderList, IncomingExchange, ResponseSink } from "../../wasi/http/exchange.ts";
import { StreamFailure } from "../../wasi/io/streams.ts";
import type { OutputStream } from "../../wasi/io/streams.ts";
import type { Invocation } from "../../telemetry/telemetry.ts";
import { Wakeup } from "../../wasi/io/wakeup.ts";
import { failureAnswer } from "./failure-answer.ts";
import { responseHead } from "./response-head.ts";
import type { TurnEnd } from "./turn-end.ts";
import type { Inbound, Outgoing, ResponseHead, Wire } from "./wire.ts";

/** Told once about a response that cannot be what the guest wanted. */
export type FailureListener = (exchange: IncomingExchange, reason: string, error: unknown) => void;

/** Who hears of a response. */
export interface SinkListeners {
  readonly invocation: Invocation;
  readonly onFailure: FailureListener;
  readonly turnEnd: TurnEnd;
}

/**
 * A response on its way to a client, and the stream of its body. Head and first bytes are held back
 * until the turn of the event loop ends, so that a small response leaves in one write, with its
 * length.
 */
export class NodeResponseSink<T extends Outgoing> implements ResponseSink, OutputStream {
  readonly #response: T;
  readonly #wire: Wire<T>;
  readonly #exchange: IncomingExchange;
  readonly #onFailure: FailureListener;
  readonly #invocation: Invocation;
  readonly #turnEnd: TurnEnd;
  #state: "waiting" | "open" | "finished" | "aborted" = "waiting";
  #hasBody = true;
  /** Bytes that content-length still promises; undefined where the guest has set none. */
  #promised: number | undefined;
  /** Until it leaves. */
  #head: ResponseHead | undefined;
  /** What has been written before. */
  #held: Uint8Array | undefined;
  #wakeup: Wakeup | undefined;

  constructor(inbound: Inbound<T>, exchange: IncomingExchange, listeners: SinkListeners) {
    this.#response = inbound.response;
    this.#wire = inbound.wire;
    this.#exchange = exchange;
    this.#onFailure = listeners.onFailure;
    this.#invocation = listeners.invocation;
    this.#turnEnd = listeners.turnEnd;
  }

  /**
   * Throws WhorlError `trap` for a head that HTTP cannot carry, as do the first calls after it; the
   * response is still to be had.
   */
  head(status: number, headers: HeaderList): OutputStream {
    if (this.#state !== "waiting") trap("the response has a head already");
    const { head, contentLength } = responseHead(this.#exchange.method, status, headers);
    this.#head = head;
    this.#state = "open";
    this.#invocation.responded(status);
    this.#hasBody = head.hasBody;
    this.#promised = contentLength;
    this.#turnEnd.add(this);
    return this;
  }

  finish(trailers: HeaderList): void {
    if (this.#state !== "open") return;
    if (this.#hasBody && this.#promised !== undefined && this.#promised > 0) {
      this.abort(`the body is ${this.#promised} bytes shorter than its content-length`);
      return;
    }
    const head = this.#head;
    const held = this.#held;
    if (head !== undefined && head.hasBody && trailers.length === 0 && !head.hasTrailerField) {
      this.#head = undefined;
      this.#sendWhole(head, held ?? noBytes);
    } else {
      this.#sendHead();
      this.#held = undefined;
      if (this.#hasBody) this.#wire.trailers(this.#response, trailers);
      if (held === undefined) this.#response.end();
      else this.#response.end(held);
    }
    this.#state = "finished";
    this.#wakeup?.wake();
  }

  abort(reason: string, error?: unknown): void {
    if (this.#state === "finished" || this.#state === "aborted") return;
    const wasOpen = this.#state === "open";
    const isGone = this.#response.destroyed;
    const answer = failureAnswer(error);
    if (wasOpen) this.release();
    this.#state = "aborted";
    if (wasOpen) this.#wire.abort(this.#response);
    else if (!isGone) this.#wire.plain(this.#response, answer);
    this.#wakeup?.wake();
    if (isGone) return;
    if (!wasOpen) this.#invocation.responded(answer.status);
    this.#invocation.failed(new WhorlError("trap", reason));
    this.#onFailure(this.#exchange, reason, error);
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
    if (this.#head !== undefined && this.#hold(bytes)) return;
    this.#send();
    if (isLarge(bytes)) this.#response.write(bytes, () => void bytes.buffer.transfer(0));
    else this.#response.write(bytes);
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
    if (this.#head === undefined || this.#state !== "open") return;
    try {
      this.#send();
    } catch (error) {
      this.abort(errorText(error));
    }
  }

  /** False when that is too much to hold. */
  #hold(bytes: Uint8Array): boolean {
    const held = this.#held;
    if (held !== undefined && held.length + bytes.length > heldBytesMax) return false;
    this.#held = held === undefined ? bytes : Buffer.concat([held, bytes]);
    return true;
  }

  #send(): void {
    if (this.#head === undefined) return;
    this.#sendHead();
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) this.#wire.flushHead(this.#response);
    else this.#response.write(held);
  }

  /** Throws `trap` for what HTTP cannot carry: nothing has been sent then. */
  #sendHead(): void {
    const head = this.#head;
    this.#head = undefined;
    if (head === undefined) return;
    try {
      this.#wire.head(this.#response, head);
    } catch (error) {
      this.#refuseHead(error);
    }
  }

  #sendWhole(head: ResponseHead, body: Uint8Array): void {
    if (this.#promised === undefined) head.headers.push("content-length", String(body.length));
    try {
      this.#wire.whole(this.#response, head, body);
    } catch (error) {
      this.#refuseHead(error);
    }
  }

  #refuseHead(error: unknown): never {
    // The client is to be answered with something else.
    this.#state = "waiting";
    return trap(`the head of the response is not valid HTTP: ${errorText(error)}`);
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

const noBytes = new Uint8Array(0);
/** More than that leaves before the turn of the event loop ends. */
const heldBytesMax = 16 * 1024;

/**
 * Whether its memory is worth giving back at once. It lies outside of the heap, and after every few
 * of them the garbage collector would look through all of the heap: three times the work of sending.
 */
function isLarge(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  const { length, buffer } = bytes;
  return length > heldBytesMax && length === buffer.byteLength && buffer instanceof ArrayBuffer;
}
