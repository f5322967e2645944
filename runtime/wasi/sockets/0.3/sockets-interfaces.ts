import type {
  HostCall,
  HostFunction,
  HostInterface,
  StreamReader,
} from "../../../instance/host-interface.ts";
import { final03 } from "../../release-candidate.ts";
import type { WasiContext } from "../../context.ts";
import type { SocketResult } from "../error-code.ts";
import type { IpAddressFamily } from "../ip-address.ts";
import { openSocket, releaseSocket } from "../open-sockets.ts";
import type { IpSocketAddress } from "../socket-address.ts";
import { tcpInterface } from "../tcp.ts";
import { udpInterface } from "../udp.ts";
import { result03 } from "./error-code.ts";
import { resolveAddresses03 } from "./name-lookup.ts";
import { newTcpSocket03, TcpSocket03 } from "./tcp-socket.ts";
import { UdpSocket03 } from "./udp-socket.ts";

type Context = WasiContext;
type Functions = Readonly<Record<string, HostFunction<WasiContext>>>;
type Address = IpSocketAddress;

/** What 0.3 calls the properties of 0.2: a getter has `get-` in front. */
const tcpProperties = [
  "local-address",
  "remote-address",
  "keep-alive-enabled",
  "keep-alive-idle-time",
  "keep-alive-interval",
  "keep-alive-count",
  "hop-limit",
  "receive-buffer-size",
  "send-buffer-size",
];
const tcpSetters = [
  "listen-backlog-size",
  "keep-alive-enabled",
  "keep-alive-idle-time",
  "keep-alive-interval",
  "keep-alive-count",
  "hop-limit",
  "receive-buffer-size",
  "send-buffer-size",
];
const udpProperties = [
  "local-address",
  "remote-address",
  "unicast-hop-limit",
  "receive-buffer-size",
  "send-buffer-size",
];
const udpSetters = ["unicast-hop-limit", "receive-buffer-size", "send-buffer-size"];

/** The functions of 0.2 behind getters and setters, on the socket inside, errors translated. */
function properties(
  type: "tcp-socket" | "udp-socket",
  getters: readonly string[],
  setters: readonly string[],
): Functions {
  const of02 = (type === "tcp-socket" ? tcpInterface : udpInterface).functions;
  const translate = (old: string): HostFunction<WasiContext> => {
    const call = of02[`[method]${type}.${old}`];
    if (call === undefined) throw new Error(`wasi:sockets 0.2 has no ${type}.${old}`);
    return (context: Context, socket: TcpSocket03 | UdpSocket03, ...values: unknown[]) =>
      result03(call(context, socket.inner, ...values) as SocketResult<unknown>);
  };
  return Object.fromEntries([
    ...getters.map((name) => [`[method]${type}.get-${name}`, translate(name)] as const),
    ...setters.map((name) => [`[method]${type}.set-${name}`, translate(`set-${name}`)] as const),
  ]);
}

const tcpFunctions: Functions = {
  "[static]tcp-socket.create": ({ sockets }: Context, family: IpAddressFamily) =>
    result03(openSocket(sockets, () => newTcpSocket03(family))),
  "[method]tcp-socket.bind": ({ sockets }: Context, self: TcpSocket03, address: Address) =>
    self.bind(sockets, address),
  "[method]tcp-socket.connect": (
    { sockets }: Context,
    self: TcpSocket03,
    address: Address,
    call: HostCall,
  ) => self.connect(sockets, address, call),
  "[method]tcp-socket.listen": ({ sockets }: Context, self: TcpSocket03) => self.listen(sockets),
  "[method]tcp-socket.send": (_: Context, self: TcpSocket03, data: StreamReader<Uint8Array>) =>
    self.send(data),
  "[method]tcp-socket.receive": (_: Context, self: TcpSocket03) => self.receive(),
  "[method]tcp-socket.get-is-listening": (_: Context, self: TcpSocket03) =>
    self.inner.isListening(),
  "[method]tcp-socket.get-address-family": (_: Context, self: TcpSocket03) => self.inner.family,
  ...properties("tcp-socket", tcpProperties, tcpSetters),
};

const udpFunctions: Functions = {
  "[static]udp-socket.create": ({ sockets }: Context, family: IpAddressFamily) =>
    result03(openSocket(sockets, () => new UdpSocket03(family))),
  "[method]udp-socket.bind": ({ sockets }: Context, self: UdpSocket03, address: Address) =>
    self.bind(sockets, address),
  "[method]udp-socket.connect": ({ sockets }: Context, self: UdpSocket03, address: Address) =>
    self.connect(sockets, address),
  "[method]udp-socket.disconnect": ({ sockets }: Context, self: UdpSocket03) =>
    self.disconnect(sockets),
  "[method]udp-socket.send": (
    { sockets }: Context,
    self: UdpSocket03,
    data: Uint8Array,
    remote: Address | undefined,
  ) => self.send(sockets, data, remote),
  "[method]udp-socket.receive": ({ sockets }: Context, self: UdpSocket03, call: HostCall) =>
    self.receive(sockets, call),
  "[method]udp-socket.get-address-family": (_: Context, self: UdpSocket03) => self.inner.family,
  ...properties("udp-socket", udpProperties, udpSetters),
};

function drop({ sockets }: Context, socket: object): void {
  releaseSocket(sockets, socket);
  if (socket instanceof TcpSocket03 || socket instanceof UdpSocket03) socket[Symbol.dispose]();
}

/** wasi:sockets@0.3. */
export const socketsInterfaces03: readonly HostInterface<WasiContext>[] = [
  {
    name: "wasi:sockets/types",
    version: final03,
    functions: { ...tcpFunctions, ...udpFunctions },
    // The operating system tells a little later whether it listens.
    suspending: new Set(["[method]tcp-socket.listen"]),
    resources: { "tcp-socket": { drop }, "udp-socket": { drop } },
  },
  {
    name: "wasi:sockets/ip-name-lookup",
    version: final03,
    functions: { "resolve-addresses": resolveAddresses03 },
    suspending: new Set(),
    resources: {},
  },
];
