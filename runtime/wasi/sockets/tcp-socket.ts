import { BoundSocket } from "node:net";
import { ok } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import type { SocketsContext } from "../context.ts";
import type { Pollable } from "../io/pollable.ts";
import { Wakeup } from "../io/wakeup.ts";
import { done, failed, socketErrorCode, wouldBlock } from "./error-code.ts";
import type { SocketErrorCode, SocketResult } from "./error-code.ts";
import { isOfFamily, isUnicast } from "./ip-address.ts";
import type { IpAddressFamily } from "./ip-address.ts";
import { endpointOf, hostOf, ipOf, isRemote, socketAddressOf } from "./socket-address.ts";
import type { Endpoint, IpSocketAddress } from "./socket-address.ts";
import { TcpConnection } from "./tcp-connection.ts";
import type { ShutdownType } from "./tcp-connection.ts";
import { TcpListener } from "./tcp-listener.ts";
import { defaultTcpOptions } from "./tcp-options.ts";
import type { TcpOptions } from "./tcp-options.ts";
import { tcpRefusal } from "./tcp-state.ts";
import type { TcpOperation, TcpState } from "./tcp-state.ts";
import type { TcpInputStream, TcpOutputStream } from "./tcp-streams.ts";

export type TcpStreams = readonly [TcpInputStream, TcpOutputStream];

const backlogDefault = 128;

/**
 * wasi:sockets/tcp `tcp-socket`, also as the pollable that its subscribe gives. No method throws;
 * the codes are those of the WIT file, and where it leaves a choice, wasmtime's.
 *
 * start-bind really binds: the address is taken, and address-in-use known, when it returns. The
 * implicit bind of a connect asks for no permission of its own.
 */
export class TcpSocket implements Pollable, Disposable {
  readonly family: IpAddressFamily;
  #state: TcpState = { kind: "unbound" };
  #options: TcpOptions;
  #backlog = backlogDefault;
  readonly #wakeup = new Wakeup();
  readonly #wake = (): void => this.#wakeup.wake();

  constructor(family: IpAddressFamily, options: TcpOptions = defaultTcpOptions) {
    this.family = family;
    this.#options = options;
  }

  startBind(context: SocketsContext, address: IpSocketAddress): SocketResult<undefined> {
    const refusal = this.#refusal("start-bind") ?? this.#addressRefusal(address);
    if (refusal !== undefined) return failed(refusal);
    const { host, port } = endpointOf(address);
    if (!context.isAllowed("tcp-bind", hostOf(address), port)) return failed("access-denied");
    try {
      const bound = new BoundSocket({ host, port, ipv6Only: this.family === "ipv6" });
      const local = bound.address();
      this.#state = {
        kind: "bind-in-progress",
        bound,
        local: { host: local.address, port: local.port },
      };
    } catch (error) {
      return failed(socketErrorCode(error));
    }
    return done;
  }

  finishBind(): SocketResult<undefined> {
    const state = this.#state;
    if (state.kind !== "bind-in-progress") return failed("not-in-progress");
    this.#state = { ...state, kind: "bound" };
    return done;
  }

  /** A refused or forbidden address leaves the socket as it was; a failed attempt closes it. */
  startConnect(context: SocketsContext, address: IpSocketAddress): SocketResult<undefined> {
    const state = this.#state;
    const refusal =
      this.#refusal("start-connect") ??
      this.#addressRefusal(address) ??
      (isRemote(address) ? undefined : "invalid-argument");
    if (refusal !== undefined) return failed(refusal);
    const remote = endpointOf(address);
    if (!context.isAllowed("tcp-connect", hostOf(address), remote.port))
      return failed("access-denied");
    const from = state.kind === "bound" ? state.bound : context.network;
    try {
      const place = { from, permit: context.connectionPermit };
      const connection = TcpConnection.start(place, remote, this.#wake);
      this.#state = { kind: "connect-in-progress", connection };
    } catch (error) {
      return this.#close(socketErrorCode(error));
    }
    return done;
  }

  finishConnect(): SocketResult<TcpStreams> {
    const state = this.#state;
    if (state.kind !== "connect-in-progress") return failed("not-in-progress");
    const { connection } = state;
    if (connection.outcome === undefined) return wouldBlock;
    if (connection.outcome.tag === "err") return this.#close(connection.outcome.val);
    this.#state = { kind: "connected", connection };
    return ok(connection.establish(this.#options));
  }

  startListen(): SocketResult<undefined> {
    const state = this.#state;
    if (state.kind !== "bound") return failed(this.#refusal("start-listen") ?? "invalid-state");
    try {
      const listener = new TcpListener(state.bound, state.local, this.#backlog, this.#wake);
      this.#state = { kind: "listen-in-progress", listener };
    } catch (error) {
      return this.#close(socketErrorCode(error));
    }
    return done;
  }

  finishListen(): SocketResult<undefined> {
    const state = this.#state;
    if (state.kind !== "listen-in-progress") return failed("not-in-progress");
    const { outcome } = state.listener;
    if (outcome === undefined) return wouldBlock;
    if (outcome.tag === "err") return this.#close(outcome.val);
    this.#state = { ...state, kind: "listening" };
    return done;
  }

  /** The new socket has the options that this one has now. */
  accept(): SocketResult<readonly [TcpSocket, TcpInputStream, TcpOutputStream]> {
    if (this.#state.kind !== "listening") return failed("invalid-state");
    const accepted = this.#state.listener.accept();
    if (accepted === undefined) return wouldBlock;
    const socket = new TcpSocket(this.family, this.#options);
    const connection = TcpConnection.accepted(accepted);
    socket.#state = { kind: "connected", connection };
    return ok([socket, ...connection.establish(this.#options)]);
  }

  localAddress(): SocketResult<IpSocketAddress> {
    return this.#address("local-address", localOf(this.#state));
  }

  remoteAddress(): SocketResult<IpSocketAddress> {
    const state = this.#state;
    const remote = state.kind === "connected" ? state.connection.remote : undefined;
    return this.#address("remote-address", remote);
  }

  isListening(): boolean {
    return this.#state.kind === "listening";
  }

  /** While listening, too: the queue that it bounds is ours, see {@link TcpListener}. */
  setListenBacklogSize(size: bigint): SocketResult<undefined> {
    if (size === 0n) return failed("invalid-argument");
    const refusal = this.#refusal("backlog");
    if (refusal !== undefined) return failed(refusal);
    this.#backlog = Number(size < limits.listenBacklogMax ? size : limits.listenBacklogMax);
    if ("listener" in this.#state) this.#state.listener.backlog = this.#backlog;
    return done;
  }

  option<K extends keyof TcpOptions>(name: K): SocketResult<TcpOptions[K]> {
    const refusal = this.#refusal("option");
    return refusal === undefined ? ok(this.#options[name]) : failed(refusal);
  }

  setOptions(change: Partial<TcpOptions>): SocketResult<undefined> {
    const refusal = this.#refusal("option");
    if (refusal !== undefined) return failed(refusal);
    this.#options = { ...this.#options, ...change };
    if (this.#state.kind === "connected") this.#state.connection.apply(this.#options);
    return done;
  }

  shutdown(how: ShutdownType): SocketResult<undefined> {
    if (this.#state.kind !== "connected") return failed("invalid-state");
    this.#state.connection.shutdown(how);
    return done;
  }

  /** Whether the operation under way (or accept) would no longer answer would-block. */
  isReady(): boolean {
    const state = this.#state;
    switch (state.kind) {
      case "connect-in-progress":
        return state.connection.outcome !== undefined;
      case "listen-in-progress":
        return state.listener.outcome !== undefined;
      case "listening":
        return state.listener.hasPending;
      default:
        return true;
    }
  }

  wait(): Promise<void> {
    return this.isReady() ? Promise.resolve() : this.#wakeup.wait();
  }

  /** Gives back everything: a connection after what was written, a listener at once. */
  [Symbol.dispose](): void {
    this.#close("invalid-state");
  }

  #close(code: SocketErrorCode): SocketResult<never> {
    const state = this.#state;
    this.#state = { kind: "closed", code };
    if ("connection" in state) state.connection[Symbol.dispose]();
    else if ("listener" in state) state.listener[Symbol.dispose]();
    // A no-op once a connection or a listener has taken it over.
    else if ("bound" in state) state.bound[Symbol.dispose]();
    this.#wakeup.wake();
    return failed(code);
  }

  #refusal(operation: TcpOperation): SocketErrorCode | undefined {
    const state = this.#state;
    return tcpRefusal(state.kind, operation, state.kind === "closed" ? state.code : undefined);
  }

  #addressRefusal(address: IpSocketAddress): SocketErrorCode | undefined {
    const ip = ipOf(address);
    return isOfFamily(ip, this.family) && isUnicast(ip) ? undefined : "invalid-argument";
  }

  #address(operation: TcpOperation, endpoint: Endpoint | undefined): SocketResult<IpSocketAddress> {
    const refusal = this.#refusal(operation);
    if (refusal !== undefined) return failed(refusal);
    const address = endpoint === undefined ? undefined : socketAddressOf(endpoint);
    return address === undefined ? failed("invalid-state") : ok(address);
  }
}

function localOf(state: TcpState): Endpoint | undefined {
  if (state.kind === "bound") return state.local;
  if ("listener" in state) return state.listener.local;
  return state.kind === "connected" ? state.connection.local : undefined;
}
