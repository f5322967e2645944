import { err, ok } from "../../instance/host-interface.ts";
import type { SocketsContext } from "../context.ts";
import type { SocketResult } from "../sockets/error-code.ts";
import type { IpSocketAddress } from "../sockets/socket-address.ts";
import { UdpSocket } from "../sockets/udp-socket.ts";
import type { DatagramStreams } from "../sockets/udp-socket.ts";
import type { IncomingDatagram } from "../sockets/udp-streams.ts";
import type { Pollable } from "../io/pollable.ts";

/**
 * The udp-socket of wasi:sockets 0.2.0-rc-2023-10-18: it connects in two steps and has no streams.
 * They are made inside, at the connect, or at the first datagram of a socket without one.
 */
export class ConnectableUdpSocket extends UdpSocket {
  #remote: IpSocketAddress | undefined;
  #streams: DatagramStreams | undefined;

  /** Fails while a connect is under way. */
  startConnect(remote: IpSocketAddress): SocketResult<undefined> {
    if (this.#remote !== undefined) return err("concurrency-conflict");
    this.#remote = remote;
    return ok(undefined);
  }

  /** Fails without {@link startConnect}, and as `udp-socket.stream` does. */
  finishConnect(context: SocketsContext): SocketResult<undefined> {
    const remote = this.#remote;
    if (remote === undefined) return err("not-in-progress");
    this.#remote = undefined;
    const streams = this.stream(context, remote);
    if (streams.tag === "err") return streams;
    this.#streams = streams.val;
    return ok(undefined);
  }

  receive(context: SocketsContext, resultsMax: bigint): SocketResult<readonly IncomingDatagram[]> {
    const streams = this.#open(context);
    return streams.tag === "err" ? streams : streams.val[0].receive(resultsMax);
  }

  /** Sends as many as there is room for, from the start of the list. */
  send(context: SocketsContext, datagrams: readonly IncomingDatagram[]): SocketResult<bigint> {
    const streams = this.#open(context);
    if (streams.tag === "err") return streams;
    const outgoing = streams.val[1];
    const permit = outgoing.checkSend();
    if (permit.tag === "err") return permit;
    const count = Math.min(datagrams.length, Number(permit.val));
    return count === 0 ? ok(0n) : outgoing.send(context, datagrams.slice(0, count));
  }

  /** Ready for the next datagram once there are streams. */
  override subscribe(): Pollable {
    return this.#streams?.[0] ?? super.subscribe();
  }

  #open(context: SocketsContext): SocketResult<DatagramStreams> {
    if (this.#streams !== undefined) return ok(this.#streams);
    const streams = this.stream(context, undefined);
    if (streams.tag === "ok") this.#streams = streams.val;
    return streams;
  }
}
