import type { Socket as UdpSocket } from "node:dgram";
import type { BoundSocket, LookupFunction } from "node:net";
import type { Endpoint } from "./socket-address.ts";

/**
 * A network other than that of this process, in which guests live: its sockets come from somebody
 * who may make them there. Where an embedder gives none, guests use the network of the process.
 */
export interface GuestNetwork {
  /** As `lookup` of node:dns, by the network's own resolver and hosts file. */
  readonly lookup: LookupFunction;
  /** Throws as system calls do. */
  tcpSocket(): PlacedHandle;
  /** Binds a socket that is not bound yet to an address of the network; throws as system calls do. */
  bindUdp(socket: UdpSocket, local: Endpoint): void;
}

/** What a TCP socket is made of before it is known where it is to connect. */
export interface PlacedHandle {
  /** Consumed by `new Socket({ handle })`. */
  readonly handle: BoundSocket;
  /**
   * From now on it is a socket of the network; before connecting, and once. `isOpen`: whether the
   * handle's descriptor is still its own when there is a socket for it; rejects where it is not.
   */
  place(version: 4 | 6, isOpen: () => boolean): Promise<void>;
}
