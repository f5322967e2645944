import type { WasiContext } from "../context.ts";
import type { IpAddressFamily } from "../sockets/ip-address.ts";
import { openSocket } from "../sockets/open-sockets.ts";
import type { Network } from "../sockets/network.ts";
import type { IpSocketAddress } from "../sockets/socket-address.ts";
import { tcpInterface } from "../sockets/tcp.ts";
import type { IncomingDatagram } from "../sockets/udp-streams.ts";
import { ConnectableUdpSocket } from "./connectable-udp-socket.ts";
import type { Changes } from "./reissued.ts";
import { tcp20231110, udp20231110 } from "./sockets-2023-11-10.ts";
import { takenBack } from "./taken-back.ts";

type Context = WasiContext;

const renamed: Readonly<Record<string, string>> = {
  "[method]tcp-socket.keep-alive": "[method]tcp-socket.keep-alive-enabled",
  "[method]tcp-socket.set-keep-alive": "[method]tcp-socket.set-keep-alive-enabled",
  "[method]tcp-socket.unicast-hop-limit": "[method]tcp-socket.hop-limit",
  "[method]tcp-socket.set-unicast-hop-limit": "[method]tcp-socket.set-hop-limit",
};

/** wasi:sockets/tcp 0.2.0-rc-2023-10-18, as it differs from 0.2. */
export const tcp20231018: Changes = {
  functions: {
    ...tcp20231110.functions,
    ...takenBack("not-supported", [
      "[method]tcp-socket.no-delay",
      "[method]tcp-socket.set-no-delay",
    ]),
    ...Object.fromEntries(
      Object.entries(renamed).map(([name, now]) => [
        name,
        (context: Context, ...values: unknown[]) =>
          tcpInterface.functions[now]?.(context, ...values),
      ]),
    ),
  },
};

/** wasi:sockets/udp 0.2.0-rc-2023-10-18, as it differs from 0.2. */
export const udp20231018: Changes = {
  functions: {
    ...udp20231110.functions,
    "[method]udp-socket.start-connect": (
      _: Context,
      self: ConnectableUdpSocket,
      _network: Network,
      remote: IpSocketAddress,
    ) => self.startConnect(remote),
    "[method]udp-socket.finish-connect": (context: Context, self: ConnectableUdpSocket) =>
      self.finishConnect(context.sockets),
    "[method]udp-socket.receive": (context: Context, self: ConnectableUdpSocket, max: bigint) =>
      self.receive(context.sockets, max),
    "[method]udp-socket.send": (
      context: Context,
      self: ConnectableUdpSocket,
      datagrams: readonly IncomingDatagram[],
    ) => self.send(context.sockets, datagrams),
  },
};

/** wasi:sockets/udp-create-socket 0.2.0-rc-2023-10-18, as it differs from 0.2. */
export const udpCreateSocket20231018: Changes = {
  functions: {
    "create-udp-socket": (context: Context, family: IpAddressFamily) =>
      openSocket(context.sockets, () => new ConnectableUdpSocket(family)),
  },
};
