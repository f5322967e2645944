import { ok } from "../../instance/host-interface.ts";
import type { SocketsContext } from "../context.ts";
import { readyPollable } from "../io/pollable.ts";
import type { Pollable } from "../io/pollable.ts";
import { done, failed, socketErrorCode } from "./error-code.ts";
import type { SocketErrorCode, SocketResult } from "./error-code.ts";
import { isOfFamily } from "./ip-address.ts";
import type { IpAddressFamily } from "./ip-address.ts";
import { endpointOf, hostOf, ipOf, isRemote, socketAddressOf } from "./socket-address.ts";
import type { GuestNetwork } from "./guest-network.ts";
import type { Endpoint, IpSocketAddress } from "./socket-address.ts";
import { UdpChannel } from "./udp-channel.ts";
import { defaultUdpOptions } from "./udp-options.ts";
import type { UdpOptions } from "./udp-options.ts";
import { IncomingDatagramStream, OutgoingDatagramStream } from "./udp-streams.ts";

export type DatagramStreams = readonly [IncomingDatagramStream, OutgoingDatagramStream];

/** Life of a udp-socket: a failed bind stays `unbound`, and nothing leaves `bound` but the drop. */
type UdpState =
  | { readonly kind: "unbound" }
  | { readonly kind: "bind-in-progress"; readonly channel: UdpChannel }
  | {
      readonly kind: "bound";
      readonly channel: UdpChannel;
      readonly streams: DatagramStreams | undefined;
    }
  | { readonly kind: "closed" };

/**
 * wasi:sockets/udp `udp-socket`. As with TCP, start-bind really binds. `stream` with a peer
 * connects the operating system's socket, so that the peer's refusals are seen; only the streams
 * of the latest call work, older ones answer invalid-state.
 */
export class UdpSocket implements Disposable {
  readonly family: IpAddressFamily;
  #state: UdpState = { kind: "unbound" };
  #network: GuestNetwork | undefined;
  #options: UdpOptions = {
    hopLimit: undefined,
    receiveBufferBytes: undefined,
    sendBufferBytes: undefined,
  };

  constructor(family: IpAddressFamily) {
    this.family = family;
  }

  startBind(context: SocketsContext, address: IpSocketAddress): SocketResult<undefined> {
    const { kind } = this.#state;
    if (kind === "bind-in-progress") return failed("concurrency-conflict");
    if (kind !== "unbound") return failed("invalid-state");
    if (!isOfFamily(ipOf(address), this.family)) return failed("invalid-argument");
    const local = endpointOf(address);
    if (!context.isAllowed("udp-bind", hostOf(address), local.port)) return failed("access-denied");
    try {
      this.#network = context.network;
      const channel = new UdpChannel(this.family, local, this.#options, this.#network);
      this.#state = { kind: "bind-in-progress", channel };
    } catch (error) {
      return failed(socketErrorCode(error));
    }
    return done;
  }

  finishBind(): SocketResult<undefined> {
    const state = this.#state;
    if (state.kind !== "bind-in-progress") return failed("not-in-progress");
    this.#state = { kind: "bound", channel: state.channel, streams: undefined };
    return done;
  }

  stream(
    context: SocketsContext,
    address: IpSocketAddress | undefined,
  ): SocketResult<DatagramStreams> {
    const state = this.#state;
    if (state.kind !== "bound") return failed("invalid-state");
    if (address !== undefined) {
      const refusal = this.#remoteRefusal(context, address);
      if (refusal !== undefined) return failed(refusal);
    }
    for (const stream of state.streams ?? []) stream.retire();
    let { channel } = state;
    try {
      if (channel.remote !== undefined) channel = this.#disconnect(channel);
      if (address !== undefined) channel.connect(endpointOf(address));
    } catch (error) {
      this.#state = { kind: "bound", channel, streams: undefined };
      return failed(socketErrorCode(error));
    }
    const streams = [
      new IncomingDatagramStream(channel),
      new OutgoingDatagramStream(channel, this.family),
    ] as const;
    this.#state = { kind: "bound", channel, streams };
    return ok(streams);
  }

  localAddress(): SocketResult<IpSocketAddress> {
    return addressResult(this.#state.kind === "bound" ? this.#state.channel.local : undefined);
  }

  remoteAddress(): SocketResult<IpSocketAddress> {
    return addressResult(this.#state.kind === "bound" ? this.#state.channel.remote : undefined);
  }

  option<K extends keyof UdpOptions>(name: K): SocketResult<NonNullable<UdpOptions[K]>> {
    if (this.#state.kind === "closed") return failed("invalid-state");
    return ok(this.#options[name] ?? defaultUdpOptions[name]);
  }

  setOptions(change: Partial<UdpOptions>): SocketResult<undefined> {
    const state = this.#state;
    if (state.kind === "closed") return failed("invalid-state");
    this.#options = { ...this.#options, ...change };
    if (state.kind === "unbound") return done;
    try {
      state.channel.setOptions(this.#options);
    } catch (error) {
      return failed(socketErrorCode(error));
    }
    return done;
  }

  /** No operation of the socket itself ever has to wait. */
  subscribe(): Pollable {
    return readyPollable;
  }

  [Symbol.dispose](): void {
    const state = this.#state;
    this.#state = { kind: "closed" };
    if ("channel" in state) state.channel[Symbol.dispose]();
  }

  #remoteRefusal(context: SocketsContext, address: IpSocketAddress): SocketErrorCode | undefined {
    if (!isOfFamily(ipOf(address), this.family) || !isRemote(address)) return "invalid-argument";
    const isAllowed = context.isAllowed("udp-connect", hostOf(address), address.val.port);
    return isAllowed ? undefined : "access-denied";
  }

  /** Linux takes a port that it chose itself away from a socket that disconnects: bind it again. */
  #disconnect(channel: UdpChannel): UdpChannel {
    const { local } = channel;
    channel.disconnect();
    if (channel.local.port === local.port) return channel;
    channel[Symbol.dispose]();
    return new UdpChannel(this.family, local, this.#options, this.#network);
  }
}

function addressResult(endpoint: Endpoint | undefined): SocketResult<IpSocketAddress> {
  const address = endpoint === undefined ? undefined : socketAddressOf(endpoint);
  return address === undefined ? failed("invalid-state") : ok(address);
}
