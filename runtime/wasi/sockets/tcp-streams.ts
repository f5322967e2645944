import type { Socket } from "node:net";
import { readableInputStream, writableOutputStream } from "../io/node-streams.ts";
import { StreamFailure } from "../io/streams.ts";
import type { InputStream, OutputStream } from "../io/streams.ts";
import { errnoOf } from "./error-code.ts";

/**
 * What a TCP connection receives. Belongs to the guest; the connection itself stays with its
 * tcp-socket, so that disposing the stream closes nothing.
 */
export class TcpInputStream implements InputStream {
  readonly #socket: Socket;
  readonly #inner: InputStream;
  #isShut = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#inner = readableInputStream(socket);
  }

  isReady(): boolean {
    return this.#isShut || this.#inner.isReady();
  }

  wait(): Promise<void> {
    return this.#isShut ? Promise.resolve() : this.#inner.wait();
  }

  read(length: number): Uint8Array {
    if (this.#isShut) throw StreamFailure.closed();
    return this.#inner.read(length);
  }

  /**
   * Closes this end: what has arrived is lost, what still arrives is taken and thrown away, so
   * that closing the connection later does not reset it.
   */
  shut(): void {
    if (this.#isShut) return;
    this.#isShut = true;
    this.#inner.dispose();
    this.#socket.resume();
  }

  dispose(): void {
    this.#inner.dispose();
  }
}

/** What a TCP connection sends. Ends with its tcp-socket or its shutdown, as the input does. */
export class TcpOutputStream implements OutputStream {
  readonly #inner: OutputStream;

  constructor(socket: Socket) {
    this.#inner = writableOutputStream(socket);
  }

  isReady(): boolean {
    return this.#inner.isReady();
  }

  wait(): Promise<void> {
    return this.#inner.wait();
  }

  checkWrite(): number {
    try {
      return this.#inner.checkWrite();
    } catch (error) {
      throw closedIfBrokenPipe(error);
    }
  }

  write(bytes: Uint8Array): void {
    try {
      this.#inner.write(bytes);
    } catch (error) {
      throw closedIfBrokenPipe(error);
    }
  }

  flush(): void {
    try {
      this.#inner.flush();
    } catch (error) {
      throw closedIfBrokenPipe(error);
    }
  }

  dispose(): void {
    this.#inner.dispose();
  }
}

/** A peer that is gone is the end of the stream, not a failure of the last write. */
function closedIfBrokenPipe(error: unknown): unknown {
  if (!(error instanceof StreamFailure) || error.error.tag === "closed") return error;
  return errnoOf(error.error.val.cause) === "EPIPE" ? StreamFailure.closed() : error;
}
