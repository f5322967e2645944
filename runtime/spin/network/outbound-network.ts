import { lookup, type LookupAddress } from "node:dns";
import { isIP, type LookupFunction, Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import type { GuestNetwork } from "../../wasi/sockets/guest-network.ts";
import type { Permits } from "./permits.ts";
import { PlacedSocket } from "../../wasi/sockets/placed-socket.ts";

/** What the process lets connections of guests reach, beyond allowed_outbound_hosts. */
export interface OutboundNetwork {
  /** Decides over each IP address before it is connected to (`block_networks`). */
  isAddressAllowed(address: string): boolean;
  /** Where connections are made; by the process itself if absent. */
  readonly network?: GuestNetwork | undefined;
  /** Bounds the connections of all kinds together (`max_total_connections`). */
  readonly connections?: Permits | undefined;
  /** Certificates of authorities, PEM, trusted besides those of the system. */
  readonly authorities?: readonly string[];
  /** Longest time to connect and log in; `limits.serverConnectMsMax` if absent. */
  readonly connectMsMax?: number;
}

export interface OutboundDestination {
  readonly host: string;
  readonly port: number;
  readonly tls?: ConnectionOptions;
}

/** Starts to connect. A refused address is an `error` of the socket. */
export function connectOutbound(network: OutboundNetwork, to: OutboundDestination): Socket {
  const { host, port, tls } = to;
  if (isIP(host) !== 0 && !network.isAddressAllowed(host)) {
    const socket = new Socket();
    socket.destroy(prohibited(host));
    return socket;
  }
  const options = { host, port, noDelay: true, lookup: guardedLookup(network) };
  const connect = (): Socket => new PlacedSocket(network.network).connectTo(options);
  if (tls === undefined) return connect();
  return connectTls({
    ...(network.network === undefined ? options : { socket: connect() }),
    ...(isIP(host) === 0 && { servername: host }),
    ...tls,
  });
}

/** A socket whose `connect(port, host)` keeps to the network's rules. */
export class OutboundSocket extends PlacedSocket {
  readonly #network: OutboundNetwork;

  constructor(network: OutboundNetwork) {
    super(network.network);
    this.#network = network;
  }

  override connect(...args: unknown[]): this {
    const [port, host] = args;
    if (typeof port !== "number" || typeof host !== "string") {
      throw new TypeError("only connect(port, host) is supported");
    }
    if (isIP(host) !== 0 && !this.#network.isAddressAllowed(host)) {
      return this.destroy(prohibited(host));
    }
    return this.connectTo({ host, port, lookup: guardedLookup(this.#network) });
  }
}

function guardedLookup(network: OutboundNetwork): LookupFunction {
  return (host, options, callback) => {
    const resolve = network.network?.lookup ?? lookup;
    resolve(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const found = addresses as LookupAddress[];
      const allowed = found.filter(({ address }) => network.isAddressAllowed(address));
      const [first] = allowed;
      if (first === undefined) return callback(prohibited(host), []);
      if (options.all === true) return callback(null, allowed);
      return callback(null, first.address, first.family);
    });
  };
}

function prohibited(host: string): Error {
  return new Error(`the network policy of this host allows no connection to ${host}`);
}
