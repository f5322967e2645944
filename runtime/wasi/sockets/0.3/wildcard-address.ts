import type { IpAddressFamily } from "../ip-address.ts";
import type { IpSocketAddress } from "../socket-address.ts";

/** Any address of this machine, and a port that the system chooses. */
export function wildcardAddress(family: IpAddressFamily): IpSocketAddress {
  if (family === "ipv4") return { tag: "ipv4", val: { port: 0, address: [0, 0, 0, 0] } };
  const address = [0, 0, 0, 0, 0, 0, 0, 0];
  return { tag: "ipv6", val: { port: 0, flowInfo: 0, address, scopeId: 0 } };
}
