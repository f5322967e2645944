import { createSocket } from "node:dgram";
import type { RemoteInfo, Socket } from "node:dgram";
import { limits } from "../../limits.ts";
import { Wakeup } from "../io/wakeup.ts";
import { socketErrorCode } from "./error-code.ts";
import type { SocketErrorCode } from "./error-code.ts";
import type { GuestNetwork } from "./guest-network.ts";
import type { IpAddressFamily } from "./ip-address.ts";
import type { Endpoint } from "./socket-address.ts";
import type { UdpOptions } from "./udp-options.ts";
import { applyUdpOptions } from "./udp-options.ts";

export interface ReceivedDatagram {
  readonly data: Uint8Array;
  readonly from: Endpoint;
}

/**
 * A bound UDP socket over node:dgram. What arrives is queued up to a bound and dropped beyond it,
 * as the kernel does; errors wait for the next call of the direction that they belong to.
 */
export class UdpChannel implements Disposable {
  readonly received = new Wakeup();
  readonly sent = new Wakeup();
  readonly #socket: Socket;
  readonly #queue: ReceivedDatagram[] = [];
  #queuedBytes = 0;
  #remote: Endpoint | undefined;
  #receiveError: SocketErrorCode | undefined;
  #sendError: SocketErrorCode | undefined;
  #sending = 0;
  #isClosed = false;

  /** Binds at once. Throws what the operating system says. */
  constructor(
    family: IpAddressFamily,
    local: Endpoint,
    options: UdpOptions,
    network?: GuestNetwork,
  ) {
    const socket = createSocket(
      family === "ipv4"
        ? { type: "udp4", lookup: literal }
        : { type: "udp6", ipv6Only: true, lookup: literal },
    );
    this.#socket = socket;
    socket.on("message", (data, info) => this.#enqueue(data, info));
    socket.on("error", (error) => {
      this.#receiveError = socketErrorCode(error);
      this.received.wake();
    });
    try {
      if (network === undefined) socket.bindSync({ address: local.host, port: local.port });
      else network.bindUdp(socket, local);
      applyUdpOptions(socket, options);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /** Where it is bound; may change with {@link connect}. */
  get local(): Endpoint {
    const { address, port } = this.#socket.address();
    return { host: address, port };
  }

  get remote(): Endpoint | undefined {
    return this.#remote;
  }

  /**
   * Limits both directions to one peer; datagrams of others that wait already are dropped. Throws
   * what the operating system says, and is not connected then.
   */
  connect(remote: Endpoint): void {
    this.#socket.connectSync(remote.port, remote.host);
    this.#remote = remote;
    const kept = this.#queue.filter(({ from }) => isSame(from, remote));
    this.#queue.splice(0, this.#queue.length, ...kept);
    this.#queuedBytes = kept.reduce((sum, { data }) => sum + data.length, 0);
  }

  /** Lifts the limit again. Linux may take the port away: see {@link local}. */
  disconnect(): void {
    this.#socket.disconnect();
    this.#remote = undefined;
  }

  get canReceive(): boolean {
    return this.#queue.length > 0 || this.#receiveError !== undefined || this.#isClosed;
  }

  /** The oldest datagram; undefined when none waits. */
  receive(): ReceivedDatagram | undefined {
    const datagram = this.#queue.shift();
    if (datagram !== undefined) this.#queuedBytes -= datagram.data.length;
    return datagram;
  }

  takeReceiveError(): SocketErrorCode | undefined {
    const error = this.#receiveError;
    this.#receiveError = undefined;
    return error;
  }

  get canSend(): boolean {
    if (this.#isClosed || this.#sendError !== undefined) return true;
    return this.#socket.getSendQueueSize() <= limits.datagramQueueBytesMax;
  }

  /** Sends to the peer, or to `remote` when not connected. Errors show at a later call. */
  send(data: Uint8Array, remote: Endpoint): void {
    this.#sending += 1;
    if (this.#remote === undefined) {
      this.#socket.send(data, remote.port, remote.host, this.#whenSent);
    } else {
      this.#socket.send(data, this.#whenSent);
    }
  }

  takeSendError(): SocketErrorCode | undefined {
    const error = this.#sendError;
    this.#sendError = undefined;
    return error;
  }

  setOptions(options: UdpOptions): void {
    applyUdpOptions(this.#socket, options);
  }

  /** Closes as soon as what was sent has left. */
  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#queue.length = 0;
    if (this.#sending === 0) this.#socket.close();
    this.received.wake();
    this.sent.wake();
  }

  readonly #whenSent = (error: Error | null): void => {
    this.#sending -= 1;
    if (error !== null) this.#sendError = socketErrorCode(error);
    if (this.#isClosed && this.#sending === 0) this.#socket.close();
    this.sent.wake();
  };

  #enqueue(data: Uint8Array, info: RemoteInfo): void {
    const from = { host: info.address, port: info.port };
    if (this.#isClosed || (this.#remote !== undefined && !isSame(from, this.#remote))) return;
    // An empty datagram takes room, too.
    const size = this.#queuedBytes + data.length + this.#queue.length;
    if (size > limits.datagramQueueBytesMax) return;
    this.#queue.push({ data, from });
    this.#queuedBytes += data.length;
    this.received.wake();
  }
}

/** Hosts are IP literals here: nothing is ever looked up. */
function literal(
  host: string,
  _options: unknown,
  callback: (error: null, address: string, family: number) => void,
): void {
  callback(null, host, host.includes(":") ? 6 : 4);
}

function isSame(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.host === b.host;
}
