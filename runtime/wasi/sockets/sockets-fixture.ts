import { networkInterfaces } from "node:os";
import type { HostInterface } from "../../instance/host-interface.ts";
import type { SocketsContext, WasiContext } from "../context.ts";
import type { Pollable } from "../io/pollable.ts";
import type { InputStream, OutputStream } from "../io/streams.ts";
import { StreamFailure } from "../io/streams.ts";
import type { SocketErrorCode, SocketResult } from "./error-code.ts";
import type { IpAddressFamily } from "./ip-address.ts";
import type { IpSocketAddress } from "./socket-address.ts";
import { socketAddressOf } from "./socket-address.ts";
import { socketsInterfaces } from "./sockets-interfaces.ts";

/**
 * For tests: a guest that calls the host functions by their names, as the linker would, and drops
 * what it got when the test is over.
 */
export class TestGuest implements Disposable {
  readonly #context: WasiContext;
  readonly #owned: { name: string; representation: object }[] = [];

  constructor(sockets: Partial<SocketsContext> = {}) {
    const context: Pick<WasiContext, "sockets"> = {
      sockets: { isAllowed: () => true, nameLookup: true, ...sockets },
    };
    // The other parts of a context are nothing to these interfaces.
    this.#context = context as WasiContext;
  }

  /** Calls `[method]tcp-socket.accept` or `create-tcp-socket` of whichever interface has it. */
  call(name: string, ...values: unknown[]): unknown {
    const owner = socketsInterfaces.find(({ functions }) => Object.hasOwn(functions, name));
    const host = owner?.functions[name];
    if (host === undefined) throw new Error(`no interface has ${name}`);
    return host(this.#context, ...values);
  }

  /** The payload of a call that must succeed. */
  ok<T>(name: string, ...values: unknown[]): T {
    const result = this.call(name, ...values) as SocketResult<T>;
    if (result.tag === "err") throw new Error(`${name}: ${result.val}`);
    return result.val;
  }

  /** The code of a call that must fail; `ok` if it did not. */
  code(name: string, ...values: unknown[]): SocketErrorCode | "ok" {
    const result = this.call(name, ...values) as SocketResult<unknown>;
    return result.tag === "err" ? result.val : "ok";
  }

  /** Repeats a call, waiting for `pollable`, until it no longer answers would-block. */
  async finish<T>(
    pollable: Pollable,
    name: string,
    ...values: unknown[]
  ): Promise<SocketResult<T>> {
    for (;;) {
      const result = this.call(name, ...values) as SocketResult<T>;
      if (result.tag === "ok" || result.val !== "would-block") return result;
      await pollable.wait();
    }
  }

  socket(kind: "tcp" | "udp", family: IpAddressFamily = "ipv4"): Pollable {
    const socket = this.ok<Pollable>(`create-${kind}-socket`, family);
    return this.own(`${kind}-socket`, socket);
  }

  bind(kind: "tcp" | "udp", socket: object, address: IpSocketAddress): SocketErrorCode | "ok" {
    const code = this.code(`[method]${kind}-socket.start-bind`, socket, {}, address);
    return code === "ok" ? this.code(`[method]${kind}-socket.finish-bind`, socket) : code;
  }

  async listener(family: IpAddressFamily = "ipv4"): Promise<Pollable> {
    const socket = this.socket("tcp", family);
    const bound = this.bind("tcp", socket, loopback(family));
    if (bound !== "ok") throw new Error(`bind: ${bound}`);
    this.ok("[method]tcp-socket.start-listen", socket);
    const listening = await this.finish(socket, "[method]tcp-socket.finish-listen", socket);
    if (listening.tag === "err") throw new Error(`listen: ${listening.val}`);
    return socket;
  }

  async connect(socket: Pollable, to: IpSocketAddress): Promise<[InputStream, OutputStream]> {
    this.ok("[method]tcp-socket.start-connect", socket, {}, to);
    const name = "[method]tcp-socket.finish-connect";
    const result = await this.finish<[InputStream, OutputStream]>(socket, name, socket);
    if (result.tag === "err") throw new Error(`connect: ${result.val}`);
    return result.val;
  }

  async accept(listener: Pollable): Promise<[Pollable, InputStream, OutputStream]> {
    const name = "[method]tcp-socket.accept";
    const result = await this.finish<[Pollable, InputStream, OutputStream]>(
      listener,
      name,
      listener,
    );
    if (result.tag === "err") throw new Error(`accept: ${result.val}`);
    this.own("tcp-socket", result.val[0]);
    return result.val;
  }

  local(kind: "tcp" | "udp", socket: object): IpSocketAddress {
    return this.ok(`[method]${kind}-socket.local-address`, socket);
  }

  own<T extends object>(name: string, representation: T): T {
    this.#owned.push({ name, representation });
    return representation;
  }

  /** Drops one resource, as the guest's resource.drop does. */
  drop(representation: object): void {
    const index = this.#owned.findIndex((owned) => owned.representation === representation);
    const [owned] = this.#owned.splice(index, 1);
    if (owned === undefined) throw new Error("not owned");
    const definer = socketsInterfaces.find(({ resources }) => Object.hasOwn(resources, owned.name));
    definer?.resources[owned.name]?.drop?.(this.#context, representation);
  }

  [Symbol.dispose](): void {
    for (const { representation } of this.#owned.slice()) this.drop(representation);
  }
}

export function loopback(family: IpAddressFamily = "ipv4", port = 0): IpSocketAddress {
  return endpoint(family === "ipv4" ? "127.0.0.1" : "::1", port);
}

export function endpoint(host: string, port: number): IpSocketAddress {
  const address = socketAddressOf({ host, port });
  if (address === undefined) throw new Error(`${host} is no IP address`);
  return address;
}

/** Why tests over `family` are left out on this machine; undefined when they are not. */
export function missing(family: IpAddressFamily): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const host = family === "ipv4" ? "127.0.0.1" : "::1";
  return all.some(({ address }) => address === host) ? undefined : `this machine has no ${host}`;
}

/** Everything up to the end, or up to `length` bytes. */
export async function readText(input: InputStream, length = Infinity): Promise<string> {
  let text = "";
  while (text.length < length) {
    try {
      text += Buffer.from(input.read(Math.min(length - text.length, 65_536))).toString("latin1");
    } catch (error) {
      if (error instanceof StreamFailure && error.error.tag === "closed") return text;
      throw error;
    }
    if (text.length < length) await input.wait();
  }
  return text;
}

/** `closed` or the failure's text; `open` if reading does not fail. */
export function endOf(operation: () => unknown): string {
  try {
    operation();
    return "open";
  } catch (error) {
    if (!(error instanceof StreamFailure)) throw error;
    return error.error.tag === "closed" ? "closed" : error.error.val.toDebugString();
  }
}

/** The interface named `wasi:sockets/tcp` and the like. */
export function interfaceNamed(name: string): HostInterface<WasiContext> {
  const found = socketsInterfaces.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no interface ${name}`);
  return found;
}
