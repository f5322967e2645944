import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { HostCall, Result, StreamSource } from "../../../instance/host-interface.ts";
import type { SocketsContext, WasiContext } from "../../context.ts";
import { ChunkReader, pullAll } from "../../io/stream-reader-fixture.ts";
import type { IpSocketAddress } from "../socket-address.ts";
import { socketsInterfaces03 } from "./sockets-interfaces.ts";
import type { TcpSocket03 } from "./tcp-socket.ts";
import type { UdpSocket03 } from "./udp-socket.ts";

let allowed: (use: string, host: string, port: number) => boolean = () => true;
const sockets: SocketsContext = {
  isAllowed: (use, host, port) => allowed(use, host, port),
  nameLookup: true,
};
const context = { sockets } as WasiContext;
const call: HostCall = { signal: new AbortController().signal };

beforeEach(() => {
  allowed = () => true;
});

afterEach(() => {
  for (const owned of opened.splice(0)) owned[Symbol.dispose]();
});

const opened: Disposable[] = [];

function invoke<T>(name: string, ...values: unknown[]): T {
  const found = socketsInterfaces03.find(({ functions }) => Object.hasOwn(functions, name));
  const host = found?.functions[name];
  if (host === undefined) throw new Error(`no function ${name}`);
  return host(context, ...values) as T;
}

type Answer<T> = Result<T, { readonly tag: string; readonly val?: string }>;

function create<T extends Disposable>(type: "tcp-socket" | "udp-socket"): T {
  const created = invoke<Answer<T>>(`[static]${type}.create`, "ipv4");
  if (created.tag === "err") throw new Error(created.val.tag);
  opened.push(created.val);
  return created.val;
}

function loopback(port: number): IpSocketAddress {
  return { tag: "ipv4", val: { port, address: [127, 0, 0, 1] } };
}

const done = { tag: "ok", val: undefined };

describe("tcp-socket", () => {
  test("connects, sends a stream with its end, receives one with its end", async () => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      const chunks: Buffer[] = [];
      socket.on("data", (chunk) => chunks.push(Buffer.from(chunk)));
      socket.on("end", () => socket.end(`got ${Buffer.concat(chunks).toString()}`));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const socket = create<TcpSocket03>("tcp-socket");
    expect(await invoke("[method]tcp-socket.connect", socket, loopback(port), call)).toEqual(done);
    expect(invoke("[method]tcp-socket.get-remote-address", socket)).toEqual({
      tag: "ok",
      val: loopback(port),
    });
    const [source, fate] = invoke<[StreamSource<Uint8Array>, Promise<unknown>]>(
      "[method]tcp-socket.receive",
      socket,
    );
    const sent = invoke<Promise<unknown>>(
      "[method]tcp-socket.send",
      socket,
      new ChunkReader("one ", "two"),
    );
    const received = await pullAll(source as unknown as StreamSource<number>, 4);
    expect(Buffer.from(received).toString()).toBe("got one two");
    expect([await sent, await fate]).toEqual([done, done]);
    server.close();
  });

  test("listens without being bound, and gives connections as a stream", async () => {
    const listener = create<TcpSocket03>("tcp-socket");
    const listening = await invoke<Promise<Answer<StreamSource<TcpSocket03>>>>(
      "[method]tcp-socket.listen",
      listener,
    );
    if (listening.tag === "err") throw new Error(listening.val.tag);
    expect(invoke("[method]tcp-socket.get-is-listening", listener)).toBe(true);
    const local = invoke<Answer<IpSocketAddress>>("[method]tcp-socket.get-local-address", listener);
    const port = local.tag === "ok" ? local.val.val.port : 0;
    const client = create<TcpSocket03>("tcp-socket");
    const connected = invoke("[method]tcp-socket.connect", client, loopback(port), call);
    const [accepted] = (await listening.val.pull(1)) ?? [];
    expect(await connected).toEqual(done);
    expect(accepted?.inner.family).toBe("ipv4");
    if (accepted !== undefined) opened.push(accepted);
  });

  test.each([
    ["connect", "access-denied"],
    ["bind", "access-denied"],
  ])("%s asks for permission", async (operation, tag) => {
    allowed = () => false;
    const socket = create<TcpSocket03>("tcp-socket");
    const answer = await invoke(`[method]tcp-socket.${operation}`, socket, loopback(1), call);
    expect(answer).toEqual({ tag: "err", val: { tag, val: undefined } });
  });

  test("says what went wrong", async () => {
    const socket = create<TcpSocket03>("tcp-socket");
    expect(await invoke("[method]tcp-socket.connect", socket, loopback(1), call)).toEqual({
      tag: "err",
      val: { tag: "connection-refused", val: undefined },
    });
    const fresh = create<TcpSocket03>("tcp-socket");
    const [source, fate] = invoke<[StreamSource<Uint8Array>, Promise<unknown>]>(
      "[method]tcp-socket.receive",
      fresh,
    );
    expect(await source.pull(1)).toBeUndefined();
    const invalid = { tag: "err", val: { tag: "invalid-state", val: undefined } };
    expect(await fate).toEqual(invalid);
    expect(await invoke("[method]tcp-socket.send", fresh, new ChunkReader())).toEqual(invalid);
    expect(invoke("[method]tcp-socket.set-hop-limit", fresh, 0)).toEqual({
      tag: "err",
      val: { tag: "invalid-argument", val: undefined },
    });
  });
});

describe("udp-socket", () => {
  test("sends and receives datagrams one by one", async () => {
    const peer = createSocket("udp4");
    await once(peer.bind(0, "127.0.0.1"), "listening");
    peer.on("message", (message, from) =>
      peer.send(`re: ${String(message)}`, from.port, from.address),
    );
    const { port } = peer.address();
    const socket = create<UdpSocket03>("udp-socket");
    const data = Buffer.from("hi");
    expect(await invoke("[method]udp-socket.send", socket, data, loopback(port))).toEqual(done);
    const received = await invoke<Promise<Answer<[Uint8Array, IpSocketAddress]>>>(
      "[method]udp-socket.receive",
      socket,
      call,
    );
    expect(received).toEqual({ tag: "ok", val: [expect.anything(), loopback(port)] });
    expect(received.tag === "ok" && String(received.val[0])).toBe("re: hi");
    peer.close();
  });

  test("that is connected needs no address, until it is disconnected", async () => {
    const peer = createSocket("udp4");
    await once(peer.bind(0, "127.0.0.1"), "listening");
    const { port } = peer.address();
    const socket = create<UdpSocket03>("udp-socket");
    expect(invoke("[method]udp-socket.connect", socket, loopback(port))).toEqual(done);
    const arrived = once(peer, "message");
    const data = Buffer.from("x");
    expect(await invoke("[method]udp-socket.send", socket, data, undefined)).toEqual(done);
    expect(String((await arrived)[0])).toBe("x");
    expect(invoke("[method]udp-socket.disconnect", socket)).toEqual(done);
    expect(invoke("[method]udp-socket.disconnect", socket)).toMatchObject({ tag: "err" });
    expect(await invoke("[method]udp-socket.send", socket, data, undefined)).toEqual({
      tag: "err",
      val: { tag: "invalid-argument", val: undefined },
    });
    peer.close();
  });

  test("asks for permission and says what went wrong", async () => {
    allowed = (use) => use !== "udp-send" && use !== "udp-bind";
    const socket = create<UdpSocket03>("udp-socket");
    const denied = { tag: "err", val: { tag: "access-denied", val: undefined } };
    const data = Buffer.from("x");
    expect(await invoke("[method]udp-socket.send", socket, data, loopback(9))).toEqual(denied);
    const other = create<UdpSocket03>("udp-socket");
    expect(invoke("[method]udp-socket.bind", other, loopback(0))).toEqual(denied);
    expect(await invoke("[method]udp-socket.receive", other, call)).toEqual({
      tag: "err",
      val: { tag: "invalid-state", val: undefined },
    });
    const large = new Uint8Array(70_000);
    expect(await invoke("[method]udp-socket.send", socket, large, loopback(9))).toEqual({
      tag: "err",
      val: { tag: "datagram-too-large", val: undefined },
    });
  });
});

describe("resolve-addresses", () => {
  test.each([
    ["127.0.0.1", { tag: "ok", val: [{ tag: "ipv4", val: [127, 0, 0, 1] }] }],
    ["a b", { tag: "err", val: { tag: "invalid-argument", val: undefined } }],
  ])("%s", async (name, expected) => {
    expect(await invoke("resolve-addresses", name)).toEqual(expected);
  });
});
