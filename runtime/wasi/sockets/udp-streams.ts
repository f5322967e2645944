import { trap } from "../../error.ts";
import { ok } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import type { SocketsContext } from "../context.ts";
import type { Pollable } from "../io/pollable.ts";
import { failed } from "./error-code.ts";
import type { SocketErrorCode, SocketResult } from "./error-code.ts";
import { isOfFamily } from "./ip-address.ts";
import type { IpAddressFamily } from "./ip-address.ts";
import { endpointOf, hostOf, ipOf, isRemote, socketAddressOf } from "./socket-address.ts";
import type { Endpoint, IpSocketAddress } from "./socket-address.ts";
import type { UdpChannel } from "./udp-channel.ts";

/** wasi:sockets/udp `incoming-datagram`. */
export interface IncomingDatagram {
  readonly data: Uint8Array;
  readonly remoteAddress: IpSocketAddress;
}

/** wasi:sockets/udp `outgoing-datagram`. */
export interface OutgoingDatagram {
  readonly data: Uint8Array;
  readonly remoteAddress: IpSocketAddress | undefined;
}

/** Largest payload: 65535 less the headers of UDP and, for IPv4, of IP. */
const payloadBytesMax = { ipv4: 65_507, ipv6: 65_527 } as const;

/** wasi:sockets/udp `incoming-datagram-stream`, also as its pollable. */
export class IncomingDatagramStream implements Pollable {
  #channel: UdpChannel | undefined;

  constructor(channel: UdpChannel) {
    this.#channel = channel;
  }

  /** What has arrived; an error only when nothing has. */
  receive(resultsMax: bigint): SocketResult<IncomingDatagram[]> {
    const channel = this.#channel;
    if (channel === undefined) return failed("invalid-state");
    const datagrams: IncomingDatagram[] = [];
    while (datagrams.length < resultsMax && datagrams.length < limits.datagramsPerCallMax) {
      const received = channel.receive();
      if (received === undefined) break;
      const remoteAddress = socketAddressOf(received.from);
      if (remoteAddress !== undefined) datagrams.push({ data: received.data, remoteAddress });
    }
    if (datagrams.length > 0 || resultsMax === 0n) return ok(datagrams);
    const error = channel.takeReceiveError();
    return error === undefined ? ok(datagrams) : failed(error);
  }

  isReady(): boolean {
    return this.#channel?.canReceive ?? true;
  }

  wait(): Promise<void> {
    if (this.#channel === undefined || this.#channel.canReceive) return Promise.resolve();
    return this.#channel.received.wait();
  }

  /** A newer stream of the socket takes over. */
  retire(): void {
    this.#channel?.received.wake();
    this.#channel = undefined;
  }
}

/** wasi:sockets/udp `outgoing-datagram-stream`, also as its pollable. */
export class OutgoingDatagramStream implements Pollable {
  #channel: UdpChannel | undefined;
  readonly #family: IpAddressFamily;
  #permitted = 0;

  constructor(channel: UdpChannel, family: IpAddressFamily) {
    this.#channel = channel;
    this.#family = family;
  }

  /** Also tells an error that an earlier datagram met after its send had returned. */
  checkSend(): SocketResult<bigint> {
    this.#permitted = 0;
    const channel = this.#channel;
    if (channel === undefined) return failed("invalid-state");
    const error = channel.takeSendError();
    if (error !== undefined) return failed(error);
    if (channel.canSend) this.#permitted = limits.datagramsPerCallMax;
    return ok(BigInt(this.#permitted));
  }

  /** Traps when check-send has not permitted that many. */
  send(context: SocketsContext, datagrams: readonly OutgoingDatagram[]): SocketResult<bigint> {
    const channel = this.#channel;
    if (channel === undefined) return failed("invalid-state");
    if (datagrams.length === 0) return ok(0n);
    if (datagrams.length > this.#permitted) {
      trap(
        `outgoing-datagram-stream.send got ${datagrams.length} datagrams where check-send had ` +
          `permitted ${this.#permitted}: call check-send before each send`,
      );
    }
    this.#permitted = 0;
    let count = 0;
    for (const datagram of datagrams) {
      const target = this.#target(context, channel, datagram);
      if (target.tag === "err") return count === 0 ? target : ok(BigInt(count));
      channel.send(datagram.data, target.val);
      count += 1;
    }
    return ok(BigInt(count));
  }

  isReady(): boolean {
    return this.#channel?.canSend ?? true;
  }

  wait(): Promise<void> {
    if (this.#channel === undefined || this.#channel.canSend) return Promise.resolve();
    return this.#channel.sent.wait();
  }

  /** A newer stream of the socket takes over. */
  retire(): void {
    this.#channel?.sent.wake();
    this.#channel = undefined;
  }

  #target(
    context: SocketsContext,
    channel: UdpChannel,
    { data, remoteAddress: address }: OutgoingDatagram,
  ): SocketResult<Endpoint> {
    if (data.length > payloadBytesMax[this.#family]) return failed("datagram-too-large");
    const { remote } = channel;
    if (address === undefined)
      return remote === undefined ? failed("invalid-argument") : ok(remote);
    const target = endpointOf(address);
    if (remote !== undefined) {
      const isPeer = remote.host === target.host && remote.port === target.port;
      return isPeer ? ok(target) : failed("invalid-argument");
    }
    const refusal = this.#refusal(context, address);
    return refusal === undefined ? ok(target) : failed(refusal);
  }

  #refusal(context: SocketsContext, address: IpSocketAddress): SocketErrorCode | undefined {
    if (!isOfFamily(ipOf(address), this.#family) || !isRemote(address)) return "invalid-argument";
    const isAllowed = context.isAllowed("udp-send", hostOf(address), address.val.port);
    return isAllowed ? undefined : "access-denied";
  }
}
