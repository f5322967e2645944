import { isIP, type LookupFunction, Socket, type SocketConstructorOpts } from "node:net";
import { callbackify } from "node:util";
import type { GuestNetwork, PlacedHandle } from "./guest-network.ts";

/** Where a {@link PlacedSocket} connects. */
export interface PlacedDestination {
  /** A name or an IP address. */
  readonly host: string;
  readonly port: number;
  readonly noDelay?: boolean;
  /** For names; the network's own way if absent. */
  readonly lookup?: LookupFunction;
}

/** A TCP connection in a network of guests, or in that of this process. */
export class PlacedSocket extends Socket {
  readonly #network: GuestNetwork | undefined;
  readonly #placed: PlacedHandle | undefined;
  readonly #place = async (version: 4 | 6): Promise<void> =>
    await this.#placed?.place(version, () => !this.destroyed);

  constructor(network: GuestNetwork | undefined, options: SocketConstructorOpts = {}) {
    const placed = network?.tcpSocket();
    super(placed === undefined ? options : { ...options, handle: placed.handle });
    this.#network = network;
    this.#placed = placed;
  }

  /** Starts to connect; whatever fails is an `error` of the socket. */
  connectTo({ host, port, noDelay = false, lookup }: PlacedDestination): this {
    const resolve = lookup ?? this.#network?.lookup;
    const common = { port, noDelay };
    if (this.#placed === undefined) {
      return super.connect({ ...common, host, ...(resolve !== undefined && { lookup: resolve }) });
    }
    return super.connect({
      ...common,
      // Node looks nothing up for an address; it is the one moment to wait for the socket.
      host: isIP(host) === 0 ? host : addressPlaceholder,
      lookup: placedLookup(this.#place, host, resolve ?? notThere),
      // Each further attempt would be made on a socket of this process.
      autoSelectFamily: false,
    });
  }
}

const addressPlaceholder = "address";

function placedLookup(
  place: (version: 4 | 6) => Promise<void>,
  host: string,
  resolve: LookupFunction,
): LookupFunction {
  const placeLater = callbackify(place);
  return (_host, _options, callback) => {
    const found = (error: NodeJS.ErrnoException | null, address: string): void => {
      if (error !== null) return callback(error, "");
      const version = isIP(address) === 6 ? 6 : 4;
      placeLater(version, (failure) => {
        if (failure === null) callback(null, address, version);
        else callback(failure, "");
      });
    };
    if (isIP(host) !== 0) return found(null, host);
    resolve(host, { all: true }, (error, addresses) => {
      // Node gives no addresses at all then.
      if (error !== null) return found(error, "");
      const [first] = typeof addresses === "string" ? [{ address: addresses }] : addresses;
      found(null, first?.address ?? "");
    });
  };
}

/** A network always has a way to resolve names. */
const notThere: LookupFunction = (host, _options, callback) => {
  callback(new Error(`${host} cannot be resolved here`), "");
};
