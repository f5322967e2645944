import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import type { SocketResult } from "./error-code.ts";
import type { IpAddressFamily } from "./ip-address.ts";
import { openSocket } from "./open-sockets.ts";
import { UdpSocket } from "./udp-socket.ts";

/** wasi:sockets/udp-create-socket. As with TCP, the operating system is asked at bind. */
export const udpCreateSocketInterface: HostInterface<WasiContext> = {
  name: "wasi:sockets/udp-create-socket",
  version: "0.2.12",
  functions: {
    "create-udp-socket": (context: WasiContext, family: IpAddressFamily): SocketResult<UdpSocket> =>
      openSocket(context.sockets, () => new UdpSocket(family)),
  },
  suspending: new Set(),
  resources: {},
};
