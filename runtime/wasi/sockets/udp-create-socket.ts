import { ok } from "../../instance/host-interface.ts";
import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import type { SocketResult } from "./error-code.ts";
import type { IpAddressFamily } from "./ip-address.ts";
import { UdpSocket } from "./udp-socket.ts";

/** wasi:sockets/udp-create-socket. As with TCP, the operating system is asked at bind. */
export const udpCreateSocketInterface: HostInterface<WasiContext> = {
  name: "wasi:sockets/udp-create-socket",
  version: "0.2.12",
  functions: {
    "create-udp-socket": (
      _context: WasiContext,
      family: IpAddressFamily,
    ): SocketResult<UdpSocket> => ok(new UdpSocket(family)),
  },
  suspending: new Set(),
  resources: {},
};
