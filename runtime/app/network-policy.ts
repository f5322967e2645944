import { BlockList, isIPv6 } from "node:net";
import { WhorlError } from "../error.ts";
import type { OutboundNetworkingConfig } from "./runtime-config.ts";

/**
 * Networks that are not globally routable (IANA special-purpose address registries, as of RFC 6890
 * and its updates).
 */
const privateNetworks: readonly string[] = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"],
  ...["172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15"],
  ...["198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "255.255.255.255/32"],
  ...["::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32"],
  ...["2002::/16", "fc00::/7", "fe80::/10"],
];

/**
 * Decides over the addresses that components may connect to, after names have been resolved
 * (`[outbound_networking]` of the runtime config). Throws WhorlError `manifest` for a network that
 * is none.
 */
export function networkPolicy(config: OutboundNetworkingConfig): (address: string) => boolean {
  const { blockedNetworks, blocksPrivateNetworks } = config;
  const networks = [...blockedNetworks, ...(blocksPrivateNetworks ? privateNetworks : [])];
  if (networks.length === 0) return () => true;
  const blocked = new BlockList();
  for (const network of networks) addNetwork(blocked, network);
  return (address) => {
    const bare = address.split("%", 1)[0] ?? address;
    // An IPv4 address in IPv6's clothes is checked as what it is by BlockList itself.
    return !blocked.check(bare, isIPv6(bare) ? "ipv6" : "ipv4");
  };
}

function addNetwork(blocked: BlockList, network: string): void {
  const [address = "", prefix] = network.split("/", 2);
  const family = isIPv6(address) ? "ipv6" : "ipv4";
  const bits = prefix === undefined ? (family === "ipv6" ? 128 : 32) : Number(prefix);
  try {
    blocked.addSubnet(address, bits, family);
  } catch (error) {
    throw new WhorlError("manifest", `"${network}" in block_networks is no network`, {
      cause: error,
    });
  }
}
