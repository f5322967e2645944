import { err, ok } from "../../../instance/host-interface.ts";
import type { HostCall, StreamReader, StreamSource } from "../../../instance/host-interface.ts";
import type { SocketsContext } from "../../context.ts";
import { inputStreamSource, writeStream } from "../../io/stream-transfer.ts";
import type { IpAddressFamily } from "../ip-address.ts";
import { hasSocketRoom, retainSocket } from "../open-sockets.ts";
import type { IpSocketAddress } from "../socket-address.ts";
import { TcpSocket } from "../tcp-socket.ts";
import type { TcpStreams } from "../tcp-socket.ts";
import { failed03, result03, streamError03 } from "./error-code.ts";
import type { SocketResult03 } from "./error-code.ts";
import { wildcardAddress } from "./wildcard-address.ts";

type Outcome = SocketResult03<undefined>;

const done: Outcome = ok(undefined);

/** wasi:sockets/types@0.3 `tcp-socket`. */
export class TcpSocket03 implements Disposable {
  readonly inner: TcpSocket;
  /** Each direction is given away once. */
  #input: TcpStreams[0] | undefined;
  #output: TcpStreams[1] | undefined;

  constructor(inner: TcpSocket, streams?: TcpStreams) {
    this.inner = inner;
    [this.#input, this.#output] = streams ?? [];
  }

  bind(context: SocketsContext, address: IpSocketAddress): Outcome {
    const started = this.inner.startBind(context, address);
    return result03(started.tag === "ok" ? this.inner.finishBind() : started);
  }

  /** A cancelled attempt closes the socket, as a failed one does. */
  async connect(
    context: SocketsContext,
    address: IpSocketAddress,
    call: HostCall,
  ): Promise<Outcome> {
    const started = this.inner.startConnect(context, address);
    if (started.tag === "err") return failed03(started.val);
    call.signal.addEventListener("abort", () => this.inner[Symbol.dispose](), { once: true });
    await this.inner.wait();
    const connected = this.inner.finishConnect();
    if (connected.tag === "err") return failed03(connected.val);
    [this.#input, this.#output] = connected.val;
    return done;
  }

  /** Binds to any address and port where the guest has not bound it. */
  async listen(context: SocketsContext): Promise<SocketResult03<StreamSource<TcpSocket03>>> {
    let started = this.inner.startListen();
    if (started.tag === "err" && started.val === "invalid-state") {
      const bound = this.bind(context, wildcardAddress(this.inner.family));
      if (bound.tag === "err") return bound;
      started = this.inner.startListen();
    }
    if (started.tag === "err") return failed03(started.val);
    await this.inner.wait();
    const listening = this.inner.finishListen();
    if (listening.tag === "err") return failed03(listening.val);
    return ok(new AcceptedSockets(context, this.inner));
  }

  /** Sends the stream and then the end of this direction. */
  async send(data: StreamReader<Uint8Array>): Promise<Outcome> {
    using owned = data;
    const output = this.#output;
    if (output === undefined) return failed03("invalid-state");
    this.#output = undefined;
    try {
      await writeStream(owned, output);
      this.inner.shutdown("send");
      return done;
    } catch (error) {
      return err(streamError03(error));
    } finally {
      output.dispose();
    }
  }

  receive(): [StreamSource<Uint8Array>, Promise<Outcome>] {
    const input = this.#input;
    if (input === undefined) return [nothing, Promise.resolve(failed03("invalid-state"))];
    this.#input = undefined;
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const source = inputStreamSource(input, (error) => {
      resolve(error === undefined ? done : err(streamError03(error)));
      input.shut();
    });
    return [source, promise];
  }

  [Symbol.dispose](): void {
    this.inner[Symbol.dispose]();
  }
}

const nothing: StreamSource<Uint8Array> = { pull: () => undefined };

/** The connections of a listening socket; where no more sockets may be open, they wait. */
class AcceptedSockets implements StreamSource<TcpSocket03> {
  readonly #context: SocketsContext;
  readonly #listener: TcpSocket;

  constructor(context: SocketsContext, listener: TcpSocket) {
    this.#context = context;
    this.#listener = listener;
  }

  async pull(): Promise<readonly TcpSocket03[] | undefined> {
    for (;;) {
      await this.#listener.wait();
      if (!hasSocketRoom(this.#context)) return undefined;
      const accepted = this.#listener.accept();
      if (accepted.tag === "ok") {
        const [inner, ...streams] = accepted.val;
        return [retainSocket(this.#context, new TcpSocket03(inner, streams))];
      }
      if (accepted.val !== "would-block") return undefined;
    }
  }
}

/** A new socket of this family. */
export function newTcpSocket03(family: IpAddressFamily): TcpSocket03 {
  return new TcpSocket03(new TcpSocket(family));
}
