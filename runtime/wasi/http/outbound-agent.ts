import { lookup } from "node:dns";
import type { LookupAddress } from "node:dns";
import { isIP } from "node:net";
import type { LookupFunction } from "node:net";
import { Agent, buildConnector } from "undici";
import { limits } from "../../limits.ts";
import { addressProhibitedCode } from "./error-mapping.ts";

/** What an {@link outboundAgent} may do. */
export interface OutboundPolicy {
  /** Decides over each IP address before it is connected to. */
  isAddressAllowed(address: string): boolean;
}

/**
 * Sends outgoing requests: pooled connections, HTTP/2 where the server's TLS offers it, neither
 * redirects nor decompression. A refused address fails with `destination-IP-prohibited`. Close it
 * when the app ends.
 */
export function outboundAgent(policy: OutboundPolicy): Agent {
  const connect = buildConnector({
    timeout: limits.outboundTimeoutMs,
    lookup: allowedLookup(policy),
  });
  return new Agent({
    connect: (options, callback) => {
      const host = options.hostname.replace(/^\[|\]$/g, "");
      if (isIP(host) === 0 || policy.isAddressAllowed(host)) connect(options, callback);
      else callback(prohibited(host), null);
    },
    maxHeaderSize: limits.headersBytesMax,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

/** Resolves names as Node does, and leaves out what the policy refuses. */
function allowedLookup(policy: OutboundPolicy): LookupFunction {
  return (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, []);
      const allowed = found.filter(({ address }) => policy.isAddressAllowed(address));
      const first: LookupAddress | undefined = allowed[0];
      if (first === undefined) return callback(prohibited(host), []);
      if (options.all === true) return callback(null, allowed);
      return callback(null, first.address, first.family);
    });
  };
}

function prohibited(host: string): NodeJS.ErrnoException {
  const message = `the network policy of this host allows no connection to ${host}`;
  return Object.assign(new Error(message), { code: addressProhibitedCode });
}
