import { Server } from "node:net";
import type { BoundSocket, Socket } from "node:net";
import { done, socketErrorCode } from "./error-code.ts";
import type { SocketResult } from "./error-code.ts";
import type { Endpoint } from "./socket-address.ts";

/**
 * A listening TCP socket over node:net with the connections that the guest has yet to accept.
 *
 * Node takes connections from the kernel as they come, so the queue that `backlog` bounds is the
 * one here. A connection that finds it full is reset (the kernel's own queue would let the client
 * try again for a while).
 */
export class TcpListener implements Disposable {
  /** Where it listens. */
  readonly local: Endpoint;
  /** Bound of the queue; may change at any time. */
  backlog: number;
  readonly #server: Server;
  readonly #queue: Socket[] = [];
  #outcome: SocketResult<undefined> | undefined;

  /** Consumes `bound`; `wake` is called when there is an outcome, and at each new connection. */
  constructor(bound: BoundSocket, local: Endpoint, backlog: number, wake: () => void) {
    this.local = local;
    this.backlog = backlog;
    // Paused: what a client sends stays in the kernel until somebody accepts the connection.
    const server = new Server({ allowHalfOpen: true, pauseOnConnect: true });
    this.#server = server;
    server.on("connection", (socket) => {
      if (this.#enqueue(socket)) wake();
    });
    server.on("listening", () => {
      this.#outcome = done;
      wake();
    });
    // After listen() only accept can fail, which Node retries.
    server.on("error", (error) => {
      this.#outcome ??= { tag: "err", val: socketErrorCode(error) };
      wake();
    });
    server.listen({ handle: bound, backlog });
  }

  /** Undefined until it listens or has failed to. */
  get outcome(): SocketResult<undefined> | undefined {
    return this.#outcome;
  }

  get hasPending(): boolean {
    return this.#queue.length > 0;
  }

  /** The oldest connection that nobody has accepted. */
  accept(): Socket | undefined {
    return this.#queue.shift();
  }

  /** Stops listening and resets what was not accepted; accepted connections live on. */
  [Symbol.dispose](): void {
    this.#server.close();
    for (const socket of this.#queue.splice(0)) socket.resetAndDestroy();
  }

  #enqueue(socket: Socket): boolean {
    // A listener from the start: an error before accept would end the process otherwise.
    socket.on("error", toldByStreams);
    if (this.#queue.length >= this.backlog || !this.#server.listening) {
      socket.resetAndDestroy();
      return false;
    }
    this.#queue.push(socket);
    return true;
  }
}

function toldByStreams(): void {}
