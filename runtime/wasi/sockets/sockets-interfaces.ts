import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import { instanceNetworkInterface } from "./instance-network.ts";
import { ipNameLookupInterface } from "./ip-name-lookup.ts";
import { networkInterface } from "./network.ts";
import { tcpCreateSocketInterface } from "./tcp-create-socket.ts";
import { tcpInterface } from "./tcp.ts";
import { udpCreateSocketInterface } from "./udp-create-socket.ts";
import { udpInterface } from "./udp.ts";

/** Everything of wasi:sockets 0.2. */
export const socketsInterfaces: readonly HostInterface<WasiContext>[] = [
  networkInterface,
  instanceNetworkInterface,
  tcpInterface,
  tcpCreateSocketInterface,
  udpInterface,
  udpCreateSocketInterface,
  ipNameLookupInterface,
];
