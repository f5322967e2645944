import type { HostFunction, HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import { failed } from "./error-code.ts";
import type { SocketResult } from "./error-code.ts";
import type { Network } from "./network.ts";
import { hasSocketRoom, releaseSocket, retainSocket } from "./open-sockets.ts";
import type { IpSocketAddress } from "./socket-address.ts";
import type { ShutdownType } from "./tcp-connection.ts";
import { clampBufferBytes, clampKeepAliveCount, clampKeepAliveNs } from "./tcp-options.ts";
import type { TcpOptions } from "./tcp-options.ts";
import { TcpSocket } from "./tcp-socket.ts";

type Functions = Readonly<Record<string, HostFunction<WasiContext>>>;

/** No setting may be zero. */
const zero: SocketResult<undefined> = failed("invalid-argument");

const lifecycle: Functions = {
  "[method]tcp-socket.start-bind": (
    context: WasiContext,
    socket: TcpSocket,
    _network: Network,
    address: IpSocketAddress,
  ) => socket.startBind(context.sockets, address),
  "[method]tcp-socket.finish-bind": (_context, socket: TcpSocket) => socket.finishBind(),
  "[method]tcp-socket.start-connect": (
    context: WasiContext,
    socket: TcpSocket,
    _network: Network,
    address: IpSocketAddress,
  ) => socket.startConnect(context.sockets, address),
  "[method]tcp-socket.finish-connect": (_context, socket: TcpSocket) => socket.finishConnect(),
  "[method]tcp-socket.start-listen": (_context, socket: TcpSocket) => socket.startListen(),
  "[method]tcp-socket.finish-listen": (_context, socket: TcpSocket) => socket.finishListen(),
  "[method]tcp-socket.accept": accept,
  "[method]tcp-socket.subscribe": (_context, socket: TcpSocket) => socket,
  "[method]tcp-socket.shutdown": (_context, socket: TcpSocket, how: ShutdownType) =>
    socket.shutdown(how),
};

const properties: Functions = {
  "[method]tcp-socket.local-address": (_context, socket: TcpSocket) => socket.localAddress(),
  "[method]tcp-socket.remote-address": (_context, socket: TcpSocket) => socket.remoteAddress(),
  "[method]tcp-socket.is-listening": (_context, socket: TcpSocket) => socket.isListening(),
  "[method]tcp-socket.address-family": (_context, socket: TcpSocket) => socket.family,
  "[method]tcp-socket.set-listen-backlog-size": (_context, socket: TcpSocket, size: bigint) =>
    socket.setListenBacklogSize(size),
};

const options: Functions = {
  "[method]tcp-socket.keep-alive-enabled": getter("keepAliveEnabled"),
  "[method]tcp-socket.set-keep-alive-enabled": (_context, socket: TcpSocket, value: boolean) =>
    socket.setOptions({ keepAliveEnabled: value }),
  "[method]tcp-socket.keep-alive-idle-time": getter("keepAliveIdleNs"),
  "[method]tcp-socket.set-keep-alive-idle-time": (_context, socket: TcpSocket, ns: bigint) =>
    ns === 0n ? zero : socket.setOptions({ keepAliveIdleNs: clampKeepAliveNs(ns) }),
  "[method]tcp-socket.keep-alive-interval": getter("keepAliveIntervalNs"),
  "[method]tcp-socket.set-keep-alive-interval": (_context, socket: TcpSocket, ns: bigint) =>
    ns === 0n ? zero : socket.setOptions({ keepAliveIntervalNs: clampKeepAliveNs(ns) }),
  "[method]tcp-socket.keep-alive-count": getter("keepAliveCount"),
  "[method]tcp-socket.set-keep-alive-count": (_context, socket: TcpSocket, count: number) =>
    count === 0 ? zero : socket.setOptions({ keepAliveCount: clampKeepAliveCount(count) }),
  "[method]tcp-socket.hop-limit": getter("hopLimit"),
  "[method]tcp-socket.set-hop-limit": (_context, socket: TcpSocket, limit: number) =>
    limit === 0 ? zero : socket.setOptions({ hopLimit: limit }),
  "[method]tcp-socket.receive-buffer-size": getter("receiveBufferBytes"),
  "[method]tcp-socket.set-receive-buffer-size": (_context, socket: TcpSocket, size: bigint) =>
    size === 0n ? zero : socket.setOptions({ receiveBufferBytes: clampBufferBytes(size) }),
  "[method]tcp-socket.send-buffer-size": getter("sendBufferBytes"),
  "[method]tcp-socket.set-send-buffer-size": (_context, socket: TcpSocket, size: bigint) =>
    size === 0n ? zero : socket.setOptions({ sendBufferBytes: clampBufferBytes(size) }),
};

/** wasi:sockets/tcp over node:net. Nothing suspends: guests wait with the socket's pollable. */
export const tcpInterface: HostInterface<WasiContext> = {
  name: "wasi:sockets/tcp",
  version: "0.2.12",
  functions: { ...lifecycle, ...properties, ...options },
  suspending: new Set(),
  resources: {
    "tcp-socket": {
      drop(context, socket) {
        releaseSocket(context.sockets, socket);
        if (socket instanceof TcpSocket) socket[Symbol.dispose]();
      },
    },
  },
};

function getter<K extends keyof TcpOptions>(
  name: K,
): (context: WasiContext, socket: TcpSocket) => SocketResult<TcpOptions[K]> {
  return (_context, socket) => socket.option(name);
}

/** Without room the connection stays in the queue for later. */
function accept({ sockets }: WasiContext, socket: TcpSocket): ReturnType<TcpSocket["accept"]> {
  if (!hasSocketRoom(sockets)) return failed("new-socket-limit");
  const result = socket.accept();
  if (result.tag === "ok") retainSocket(sockets, result.val[0]);
  return result;
}
