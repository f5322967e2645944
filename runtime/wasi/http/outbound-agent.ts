import { lookup } from "node:dns";
import type { LookupAddress } from "node:dns";
import { isIP } from "node:net";
import type { LookupFunction } from "node:net";
import type { SecureContextOptions } from "node:tls";
import { Agent, buildConnector } from "undici";
import { limits } from "../../limits.ts";
import type { GuestNetwork } from "../sockets/guest-network.ts";
import { PlacedSocket } from "../sockets/placed-socket.ts";
import { addressProhibitedCode } from "./error-mapping.ts";

/** What an {@link outboundAgent} may do. */
export interface OutboundPolicy {
  /** Decides over each IP address before it is connected to. */
  isAddressAllowed(address: string): boolean;
  /** Where connections are made; by the process itself if absent. */
  readonly network?: GuestNetwork | undefined;
  /** Whether connections are kept for the next request; they are if absent. */
  readonly isPooling?: boolean;
  /** How TLS is spoken with a host that needs something of its own. */
  tlsOf?(host: string): SecureContextOptions | undefined;
}

/**
 * Sends outgoing requests: pooled connections, HTTP/2 where the server's TLS offers it, neither
 * redirects nor decompression. A refused address fails with `destination-IP-prohibited`. Close it
 * when the app ends.
 */
export function outboundAgent(policy: OutboundPolicy): Agent {
  const connect = connector(policy, {});
  const special = new Map<SecureContextOptions, buildConnector.connector>();
  return new Agent({
    connect: (options, callback) => {
      const host = options.hostname.replace(/^\[|\]$/g, "");
      if (isIP(host) !== 0 && !policy.isAddressAllowed(host)) {
        callback(prohibited(host), null);
        return;
      }
      const tls = policy.tlsOf?.(host);
      if (tls === undefined) connect(options, callback);
      else special.getOrInsertComputed(tls, (key) => connector(policy, key))(options, callback);
    },
    // Without a connection for the next request there is nothing to multiplex.
    ...(policy.isPooling === false && { pipelining: 0, allowH2: false }),
    maxHeaderSize: limits.headersBytesMax,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

function connector(policy: OutboundPolicy, tls: SecureContextOptions): buildConnector.connector {
  const lookup = allowedLookup(policy);
  const connect = buildConnector({ ...tls, timeout: limits.outboundTimeoutMs, lookup });
  const { network } = policy;
  if (network === undefined) return connect;
  return (options, callback) => {
    const { protocol, hostname, port } = options;
    const isSecure = protocol === "https:";
    const socket = new PlacedSocket(network);
    const fail = (error: Error): void => callback(error, null);
    socket.setTimeout(limits.outboundTimeoutMs, () => socket.destroy(timedOut(hostname)));
    socket.once("error", fail);
    socket.once("connect", () => {
      socket.off("error", fail).setTimeout(0);
      if (isSecure) connect({ ...options, httpSocket: socket }, callback);
      else callback(null, socket.setNoDelay(true).setKeepAlive(true, keepAliveMs));
    });
    const host = hostname.replace(/^\[|\]$/g, "");
    socket.connectTo({ host, port: Number(port) || (isSecure ? 443 : 80), lookup });
  };
}

/** As undici does. */
const keepAliveMs = 60_000;

function timedOut(host: string): Error {
  const message = `connecting to ${host} took longer than ${limits.outboundTimeoutMs} ms`;
  return Object.assign(new Error(message), { code: "UND_ERR_CONNECT_TIMEOUT" });
}

/** Resolves names as Node does, and leaves out what the policy refuses. */
function allowedLookup(policy: OutboundPolicy): LookupFunction {
  return (host, options, callback) => {
    const resolve = policy.network?.lookup ?? lookup;
    resolve(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const found = addresses as LookupAddress[];
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
