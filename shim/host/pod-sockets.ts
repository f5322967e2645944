import type { Socket as UdpSocket } from "node:dgram";
import { closeSync } from "node:fs";
import { BoundSocket, isIPv6, type LookupFunction } from "node:net";
import type { App } from "../../runtime/app/app.ts";
import type { GuestNetwork, PlacedHandle } from "../../runtime/wasi/sockets/guest-network.ts";
import { PlacedSocket } from "../../runtime/wasi/sockets/placed-socket.ts";
import { ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import type { DescriptorChannel } from "./descriptor-channel.ts";
import type { Kernel } from "./kernel.ts";
import { podLookup } from "./pod-lookup.ts";
import type { SeatCommand, SeatSpec, SocketRequest } from "./protocol.ts";

export interface PodSocketsOptions {
  readonly descriptors: DescriptorChannel;
  readonly kernel: Kernel;
  /** Asks the front; {@link PodSockets.receive} gets the answer. */
  ask(request: number, sockets: SocketRequest): void;
}

type Given = Extract<SeatCommand, { readonly kind: "given" }>["result"];

/** The network of a pod that this process does not live in: the front makes every socket. */
export class PodSockets implements GuestNetwork, Disposable {
  readonly #options: PodSocketsOptions;
  readonly #asked = new Map<number, PromiseWithResolvers<readonly number[]>>();
  /** By version: sockets for datagrams, which have to be there at once. */
  readonly #datagram: Record<4 | 6, number[]> = { 4: [], 6: [] };
  #nextRequest = 0;
  #isClosed = false;
  #lookup: LookupFunction | undefined;

  constructor(options: PodSocketsOptions) {
    this.#options = options;
  }

  get lookup(): LookupFunction {
    if (this.#lookup === undefined) throw new ShimError("internal", "no resolver yet");
    return this.#lookup;
  }

  /** Whose names are resolved how. */
  use({ hosts, resolver }: SeatSpec["files"]): void {
    this.#lookup = podLookup({
      hostsFile: hosts,
      resolverFile: resolver,
      transport: {
        udpSocket: (version) => this.#one({ kind: "udp", version, count: 1 }),
        connect: (host, port) => new PlacedSocket(this).connectTo({ host, port }),
      },
    });
  }

  /** Gets what an app's guests must not wait for. */
  async open({ components }: Pick<App, "components">): Promise<void> {
    const hosts = [...components.values()].flatMap((each) => each.allowedOutboundHosts);
    if (!hosts.some((host) => /^(?:udp|\*):/.test(host))) return;
    await Promise.all([this.#refill(4), this.#refill(6)]);
  }

  /** A socket that is bound to an address of the pod. */
  listen({ host, port }: { readonly host: string; readonly port: number }): Promise<number> {
    return this.#one({ kind: "listen", host, port });
  }

  tcpSocket(): PlacedHandle {
    // Bound where nobody is, which costs nothing: what it is of is replaced before it is used.
    const handle = new BoundSocket({});
    const fd = handle.fd();
    return {
      handle,
      place: async (version, isOpen) => {
        const placed = await this.#one({ kind: "tcp", version, count: 1 });
        try {
          // Meanwhile another socket, of any pod, may have been given the number of a closed one.
          if (!isOpen()) throw new ShimError("canceled", "the socket has been closed");
          this.#options.kernel.redirect(fd, placed);
        } finally {
          closeSync(placed);
        }
      },
    };
  }

  bindUdp(socket: UdpSocket, local: { readonly host: string; readonly port: number }): void {
    const version = isIPv6(local.host) ? 6 : 4;
    const fd = this.#datagram[version].shift();
    void this.#refill(version);
    if (fd === undefined) throw Object.assign(new Error("no socket yet"), { code: "EAGAIN" });
    try {
      this.#options.kernel.bind(fd, local);
      socket.bind({ fd });
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** What the front has answered. */
  receive(request: number, result: Given): void {
    const asked = this.#asked.get(request);
    this.#asked.delete(request);
    if ("error" in result) asked?.reject(new ShimError("internal", result.error));
    else if (asked === undefined) this.#options.descriptors.drop(result.descriptors);
    else asked.resolve(this.#options.descriptors.take(result.descriptors));
  }

  /** Whoever still waits is told that it will not come. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    for (const { reject } of this.#asked.values()) reject(closed());
    this.#asked.clear();
    for (const fds of [this.#datagram[4], this.#datagram[6]]) fds.splice(0).forEach(closeSync);
  }

  async #refill(version: 4 | 6): Promise<void> {
    const count = shimLimits.waitingDatagramSockets - this.#datagram[version].length;
    if (count <= 0 || this.#isClosed) return;
    try {
      const fds = await this.#ask({ kind: "udp", version, count });
      this.#datagram[version].push(...fds);
    } catch {
      // The pod has no such network, or is at its end: who asks for a socket is told.
    }
  }

  async #one(sockets: SocketRequest): Promise<number> {
    const [fd, ...rest] = await this.#ask(sockets);
    rest.forEach(closeSync);
    if (fd === undefined) throw new ShimError("internal", "the front gave no socket");
    return fd;
  }

  #ask(sockets: SocketRequest): Promise<readonly number[]> {
    if (this.#isClosed) return Promise.reject(closed());
    const request = (this.#nextRequest += 1);
    const asked = Promise.withResolvers<readonly number[]>();
    this.#asked.set(request, asked);
    this.#options.ask(request, sockets);
    return asked.promise;
  }
}

function closed(): ShimError {
  return new ShimError("canceled", "the container has ended");
}
