import { BoundSocket, Socket } from "node:net";
import { limits } from "../../limits.ts";
import type { SocketsContext } from "../context.ts";
import { done, socketErrorCode } from "./error-code.ts";
import type { SocketResult } from "./error-code.ts";
import type { GuestNetwork } from "./guest-network.ts";
import { PlacedSocket } from "./placed-socket.ts";
import type { Endpoint } from "./socket-address.ts";
import { applyTcpOptions } from "./tcp-options.ts";
import type { TcpOptions } from "./tcp-options.ts";
import { TcpInputStream, TcpOutputStream } from "./tcp-streams.ts";

/** wasi:sockets/tcp `shutdown-type`. */
export type ShutdownType = "receive" | "send" | "both";

interface Established {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly input: TcpInputStream;
  readonly output: TcpOutputStream;
}

/** Where a connection starts, and when it may. */
export interface ConnectionPlace {
  readonly from: BoundSocket | GuestNetwork | undefined;
  readonly permit: SocketsContext["connectionPermit"];
}

/** One TCP connection over node:net, from the attempt to connect until it is dropped. */
export class TcpConnection implements Disposable {
  readonly #socket: Socket;
  #outcome: SocketResult<undefined> | undefined;
  #established: Established | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /**
   * Starts to connect: from the address that a bound socket has reserved, which is consumed, or
   * in a network, once it may. `wake` is called once, when {@link outcome} is known.
   */
  static start(
    { from, permit }: ConnectionPlace,
    remote: Endpoint,
    wake: () => void,
  ): TcpConnection {
    // Half-open: the guest decides itself when its direction ends.
    const socket =
      from instanceof BoundSocket
        ? new Socket({ allowHalfOpen: true, handle: from })
        : new PlacedSocket(from, { allowHalfOpen: true });
    const connection = new TcpConnection(socket);
    socket.on("error", (error) => {
      // Later errors are the streams' to tell.
      if (connection.#outcome !== undefined) return;
      connection.#outcome = { tag: "err", val: socketErrorCode(error) };
      wake();
    });
    socket.once("connect", () => {
      connection.#outcome = done;
      wake();
    });
    const connect = (release?: () => void): void => {
      if (socket.destroyed) {
        release?.();
        return;
      }
      if (release !== undefined) socket.once("close", release);
      if (socket instanceof PlacedSocket) socket.connectTo(remote);
      else socket.connect(remote);
    };
    const right = permit?.();
    if (right instanceof Promise) void right.then(connect);
    else connect(right);
    return connection;
  }

  /** A connection that a listener got. */
  static accepted(socket: Socket): TcpConnection {
    const connection = new TcpConnection(socket);
    connection.#outcome = done;
    return connection;
  }

  /** Undefined while the attempt is under way. */
  get outcome(): SocketResult<undefined> | undefined {
    return this.#outcome;
  }

  /** Applies the options and makes the streams; once, after the outcome was ok. */
  establish(options: TcpOptions): readonly [TcpInputStream, TcpOutputStream] {
    const socket = this.#socket;
    if (options.keepAliveEnabled) applyTcpOptions(socket, options);
    // Asked for now, because Node forgets the addresses when the connection ends.
    const established = {
      local: { host: socket.localAddress ?? "", port: socket.localPort ?? 0 },
      remote: { host: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 },
      input: new TcpInputStream(socket),
      output: new TcpOutputStream(socket),
    };
    this.#established = established;
    return [established.input, established.output];
  }

  /** Undefined before {@link establish}; hosts are empty if the peer was gone by then. */
  get local(): Endpoint | undefined {
    return this.#established?.local;
  }

  get remote(): Endpoint | undefined {
    return this.#established?.remote;
  }

  apply(options: TcpOptions): void {
    applyTcpOptions(this.#socket, options);
  }

  /** Closes one or both directions; what the guest has written is still sent. Idempotent. */
  shutdown(how: ShutdownType): void {
    if (how !== "send") this.#established?.input.shut();
    if (how !== "receive") this.#socket.end();
  }

  /** Ends the connection after what has been written, or at once if it was never established. */
  [Symbol.dispose](): void {
    const socket = this.#socket;
    if (this.#established === undefined) {
      socket.destroy();
      return;
    }
    this.#established.input.shut();
    socket.destroySoon();
    if (!socket.destroyed) socket.setTimeout(limits.socketLingerMsMax, destroy);
  }
}

function destroy(this: Socket): void {
  this.destroy();
}
