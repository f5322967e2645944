import { networkInterfaces } from "node:os";
import { formatIpAddress, isUnspecified, parseIpAddress } from "./ip-address.ts";
import type { IpAddress } from "./ip-address.ts";

/** wasi:sockets/network `ip-socket-address`. */
export type IpSocketAddress =
  | {
      readonly tag: "ipv4";
      readonly val: { readonly port: number; readonly address: readonly number[] };
    }
  | {
      readonly tag: "ipv6";
      readonly val: {
        readonly port: number;
        readonly flowInfo: number;
        readonly address: readonly number[];
        readonly scopeId: number;
      };
    };

/** An address as Node takes and gives it; the host is an IP literal, with `%eth0` if scoped. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** The address without its port. */
export function ipOf(address: IpSocketAddress): IpAddress {
  return { tag: address.tag, val: address.val.address };
}

/** Text of the address without port and zone: what a policy decides over. */
export function hostOf(address: IpSocketAddress): string {
  return formatIpAddress(ipOf(address));
}

/** For Node. The flow label is dropped: Node has no setting for it. */
export function endpointOf(address: IpSocketAddress): Endpoint {
  const zone = address.tag === "ipv6" ? zoneOf(address.val.scopeId) : "";
  return { host: hostOf(address) + zone, port: address.val.port };
}

/** From Node's `address` and `port`; undefined when Node no longer knows them. */
export function socketAddressOf(endpoint: Endpoint): IpSocketAddress | undefined {
  const [host = "", zone] = endpoint.host.split("%");
  const ip = parseIpAddress(host);
  if (ip === undefined) return undefined;
  const { port } = endpoint;
  if (ip.tag === "ipv4") return { tag: "ipv4", val: { port, address: ip.val } };
  const scopeId = zone === undefined ? 0 : scopeIdOf(zone);
  return { tag: "ipv6", val: { port, flowInfo: 0, address: ip.val, scopeId } };
}

/** Whether something can be sent there: neither the wildcard address nor port 0. */
export function isRemote(address: IpSocketAddress): boolean {
  return address.val.port !== 0 && !isUnspecified(ipOf(address));
}

/** Scoped addresses are rare: interfaces are listed when one is used, nothing is kept. */
function zoneOf(scopeId: number): string {
  if (scopeId === 0) return "";
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    if (addresses?.some((address) => address.scopeid === scopeId)) return `%${name}`;
  }
  return "";
}

function scopeIdOf(zone: string): number {
  const scoped = networkInterfaces()[zone]?.find((address) => (address.scopeid ?? 0) !== 0);
  return scoped?.scopeid ?? 0;
}
