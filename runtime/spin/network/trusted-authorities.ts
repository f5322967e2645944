import { getCACertificates } from "node:tls";
import type { OutboundNetwork } from "./outbound-network.ts";

/**
 * Value of the TLS option `ca`: the default authorities and those given. Undefined, which means
 * the default ones, where none are given.
 */
export function trustedAuthorities(
  network: OutboundNetwork,
  more: readonly string[] = [],
): string[] | undefined {
  const given = [...(network.authorities ?? []), ...more];
  return given.length === 0 ? undefined : [...getCACertificates("default"), ...given];
}
