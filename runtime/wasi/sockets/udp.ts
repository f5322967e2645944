import type { HostFunction, HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import { failed } from "./error-code.ts";
import type { SocketResult } from "./error-code.ts";
import type { Network } from "./network.ts";
import { releaseSocket } from "./open-sockets.ts";
import type { IpSocketAddress } from "./socket-address.ts";
import { clampBufferBytes } from "./tcp-options.ts";
import type { UdpOptions } from "./udp-options.ts";
import { UdpSocket } from "./udp-socket.ts";
import type { IncomingDatagramStream, OutgoingDatagram } from "./udp-streams.ts";
import type { OutgoingDatagramStream } from "./udp-streams.ts";

type Functions = Readonly<Record<string, HostFunction<WasiContext>>>;

/** No setting may be zero. */
const zero: SocketResult<undefined> = failed("invalid-argument");

const socketFunctions: Functions = {
  "[method]udp-socket.start-bind": (
    context: WasiContext,
    socket: UdpSocket,
    _network: Network,
    address: IpSocketAddress,
  ) => socket.startBind(context.sockets, address),
  "[method]udp-socket.finish-bind": (_context, socket: UdpSocket) => socket.finishBind(),
  "[method]udp-socket.stream": (
    context: WasiContext,
    socket: UdpSocket,
    address: IpSocketAddress | undefined,
  ) => socket.stream(context.sockets, address),
  "[method]udp-socket.local-address": (_context, socket: UdpSocket) => socket.localAddress(),
  "[method]udp-socket.remote-address": (_context, socket: UdpSocket) => socket.remoteAddress(),
  "[method]udp-socket.address-family": (_context, socket: UdpSocket) => socket.family,
  "[method]udp-socket.unicast-hop-limit": getter("hopLimit"),
  "[method]udp-socket.set-unicast-hop-limit": (_context, socket: UdpSocket, limit: number) =>
    limit === 0 ? zero : socket.setOptions({ hopLimit: limit }),
  "[method]udp-socket.receive-buffer-size": getter("receiveBufferBytes"),
  "[method]udp-socket.set-receive-buffer-size": (_context, socket: UdpSocket, size: bigint) =>
    size === 0n ? zero : socket.setOptions({ receiveBufferBytes: clampBufferBytes(size) }),
  "[method]udp-socket.send-buffer-size": getter("sendBufferBytes"),
  "[method]udp-socket.set-send-buffer-size": (_context, socket: UdpSocket, size: bigint) =>
    size === 0n ? zero : socket.setOptions({ sendBufferBytes: clampBufferBytes(size) }),
  "[method]udp-socket.subscribe": (_context, socket: UdpSocket) => socket.subscribe(),
};

const streamFunctions: Functions = {
  "[method]incoming-datagram-stream.receive": (
    _context: WasiContext,
    stream: IncomingDatagramStream,
    resultsMax: bigint,
  ) => stream.receive(resultsMax),
  "[method]incoming-datagram-stream.subscribe": (_context, stream: IncomingDatagramStream) =>
    stream,
  "[method]outgoing-datagram-stream.check-send": (_context, stream: OutgoingDatagramStream) =>
    stream.checkSend(),
  "[method]outgoing-datagram-stream.send": (
    context: WasiContext,
    stream: OutgoingDatagramStream,
    datagrams: readonly OutgoingDatagram[],
  ) => stream.send(context.sockets, datagrams),
  "[method]outgoing-datagram-stream.subscribe": (_context, stream: OutgoingDatagramStream) =>
    stream,
};

/** wasi:sockets/udp over node:dgram. Nothing suspends: guests wait with the streams' pollables. */
export const udpInterface: HostInterface<WasiContext> = {
  name: "wasi:sockets/udp",
  version: "0.2.12",
  functions: { ...socketFunctions, ...streamFunctions },
  suspending: new Set(),
  resources: {
    "udp-socket": {
      drop(context, socket) {
        releaseSocket(context.sockets, socket);
        if (socket instanceof UdpSocket) socket[Symbol.dispose]();
      },
    },
    // Their channel belongs to the socket.
    "incoming-datagram-stream": {},
    "outgoing-datagram-stream": {},
  },
};

function getter<K extends keyof UdpOptions>(
  name: K,
): (context: WasiContext, socket: UdpSocket) => SocketResult<NonNullable<UdpOptions[K]>> {
  return (_context, socket) => socket.option(name);
}
