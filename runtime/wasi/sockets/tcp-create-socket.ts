import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import type { SocketResult } from "./error-code.ts";
import type { IpAddressFamily } from "./ip-address.ts";
import { openSocket } from "./open-sockets.ts";
import { TcpSocket } from "./tcp-socket.ts";

/**
 * wasi:sockets/tcp-create-socket. A new socket costs nothing of the operating system: that a family
 * is not supported, or a limit reached, shows at bind or connect.
 */
export const tcpCreateSocketInterface: HostInterface<WasiContext> = {
  name: "wasi:sockets/tcp-create-socket",
  version: "0.2.12",
  functions: {
    "create-tcp-socket": (context: WasiContext, family: IpAddressFamily): SocketResult<TcpSocket> =>
      openSocket(context.sockets, () => new TcpSocket(family)),
  },
  suspending: new Set(),
  resources: {},
};
