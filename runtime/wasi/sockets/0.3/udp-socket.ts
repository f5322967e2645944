import { ok } from "../../../instance/host-interface.ts";
import type { HostCall } from "../../../instance/host-interface.ts";
import type { SocketsContext } from "../../context.ts";
import type { SocketResult } from "../error-code.ts";
import type { IpAddressFamily } from "../ip-address.ts";
import type { IpSocketAddress } from "../socket-address.ts";
import { UdpSocket } from "../udp-socket.ts";
import type { DatagramStreams } from "../udp-socket.ts";
import { failed03, result03 } from "./error-code.ts";
import type { SocketResult03 } from "./error-code.ts";
import { wildcardAddress } from "./wildcard-address.ts";

type Outcome = SocketResult03<undefined>;

/** wasi:sockets/types@0.3 `udp-socket`: datagrams one by one. */
export class UdpSocket03 implements Disposable {
  readonly inner: UdpSocket;
  #streams: DatagramStreams | undefined;

  constructor(family: IpAddressFamily) {
    this.inner = new UdpSocket(family);
  }

  bind(context: SocketsContext, address: IpSocketAddress): Outcome {
    return result03(this.#bind(context, address));
  }

  connect(context: SocketsContext, address: IpSocketAddress): Outcome {
    const bound = this.#bindToAny(context);
    if (bound.tag === "err") return failed03(bound.val);
    return result03(this.#open(context, address));
  }

  disconnect(context: SocketsContext): Outcome {
    if (this.inner.remoteAddress().tag === "err") return failed03("invalid-state");
    return result03(this.#open(context, undefined));
  }

  async send(
    context: SocketsContext,
    data: Uint8Array,
    remoteAddress: IpSocketAddress | undefined,
  ): Promise<Outcome> {
    const bound = this.#bindToAny(context);
    if (bound.tag === "err") return failed03(bound.val);
    const outgoing = this.#streams?.[1];
    for (;;) {
      const permit = outgoing?.checkSend();
      if (outgoing === undefined || permit === undefined) return failed03("invalid-state");
      if (permit.tag === "err") return failed03(permit.val);
      if (permit.val > 0n) {
        const sent = outgoing.send(context, [{ data, remoteAddress }]);
        return sent.tag === "ok" ? ok(undefined) : failed03(sent.val);
      }
      await outgoing.wait();
    }
  }

  /** Only a bound socket receives anything. */
  async receive(
    context: SocketsContext,
    call: HostCall,
  ): Promise<SocketResult03<[Uint8Array, IpSocketAddress]>> {
    if (this.inner.localAddress().tag === "err") return failed03("invalid-state");
    if (this.#streams === undefined) this.#open(context, undefined);
    while (!call.signal.aborted) {
      const incoming = this.#streams?.[0];
      const received = incoming?.receive(1n);
      if (incoming === undefined || received === undefined) break;
      if (received.tag === "err") return failed03(received.val);
      const [datagram] = received.val;
      if (datagram !== undefined) return ok([datagram.data, datagram.remoteAddress]);
      await incoming.wait();
    }
    return failed03("invalid-state");
  }

  [Symbol.dispose](): void {
    this.inner[Symbol.dispose]();
    for (const stream of this.#streams ?? []) stream.retire();
  }

  #bind(context: SocketsContext, address: IpSocketAddress): SocketResult<undefined> {
    const started = this.inner.startBind(context, address);
    return started.tag === "ok" ? this.inner.finishBind() : started;
  }

  /** Where the guest has not bound it. Asks for no permission of its own: the peer is asked for. */
  #bindToAny(context: SocketsContext): SocketResult<undefined> {
    if (this.inner.localAddress().tag === "err") {
      const anywhere: SocketsContext = { nameLookup: false, isAllowed: () => true };
      const bound = this.#bind(anywhere, wildcardAddress(this.inner.family));
      if (bound.tag === "err") return bound;
    }
    return this.#streams === undefined ? this.#open(context, undefined) : ok(undefined);
  }

  #open(context: SocketsContext, remote: IpSocketAddress | undefined): SocketResult<undefined> {
    const streams = this.inner.stream(context, remote);
    if (streams.tag === "err") return streams;
    this.#streams = streams.val;
    return ok(undefined);
  }
}
