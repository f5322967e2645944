import { createSocket } from "node:dgram";
import { once } from "node:events";
import { beforeEach, describe, expect, test } from "vitest";
import { limits } from "../../limits.ts";
import type { Pollable } from "../io/pollable.ts";
import type { SocketResult } from "./error-code.ts";
import { endpoint, missing, loopback, TestGuest } from "./sockets-fixture.ts";
import type { IncomingDatagram } from "./udp-streams.ts";
import type { IpSocketAddress } from "./socket-address.ts";
import type { IpAddressFamily } from "./ip-address.ts";

type Streams = [Pollable, Pollable];

function bound(guest: TestGuest, family: IpAddressFamily = "ipv4"): Pollable {
  const socket = guest.socket("udp", family);
  expect(guest.bind("udp", socket, loopback(family))).toBe("ok");
  return socket;
}

function streams(guest: TestGuest, socket: object, remote?: IpSocketAddress): Streams {
  return guest.ok<Streams>("[method]udp-socket.stream", socket, remote);
}

function send(guest: TestGuest, out: object, data: string[], to?: IpSocketAddress): bigint {
  guest.ok("[method]outgoing-datagram-stream.check-send", out);
  const datagrams = data.map((one) => ({ data: Buffer.from(one), remoteAddress: to }));
  return guest.ok("[method]outgoing-datagram-stream.send", out, datagrams);
}

async function receive(guest: TestGuest, input: Pollable, count = 1): Promise<IncomingDatagram[]> {
  const datagrams: IncomingDatagram[] = [];
  while (datagrams.length < count) {
    await input.wait();
    const name = "[method]incoming-datagram-stream.receive";
    datagrams.push(...guest.ok<IncomingDatagram[]>(name, input, 16n));
  }
  return datagrams;
}

const texts = (datagrams: IncomingDatagram[]): string[] =>
  datagrams.map(({ data }) => Buffer.from(data).toString());

describe.each(["ipv4", "ipv6"] as const)("over %s", (family) => {
  beforeEach((context) => context.skip(missing(family) !== undefined, missing(family)));

  test("datagrams go both ways, to a peer and to an address", async () => {
    using guest = new TestGuest();
    const [a, b] = [bound(guest, family), bound(guest, family)];
    const [addressA, addressB] = [guest.local("udp", a), guest.local("udp", b)];
    const [inA, outA] = streams(guest, a, addressB);
    const [inB, outB] = streams(guest, b);
    expect(guest.ok("[method]udp-socket.remote-address", a)).toEqual(addressB);
    expect(guest.code("[method]udp-socket.remote-address", b)).toBe("invalid-state");
    expect(guest.call("[method]udp-socket.address-family", a)).toBe(family);

    expect(send(guest, outA, ["1", "2", ""])).toBe(3n);
    const received = await receive(guest, inB, 3);
    expect(texts(received)).toEqual(["1", "2", ""]);
    expect(received[0]?.remoteAddress).toEqual(addressA);

    expect(send(guest, outB, ["back"], addressA)).toBe(1n);
    expect(texts(await receive(guest, inA))).toEqual(["back"]);
    expect(inA.isReady()).toBe(false);
  });

  test("a peer chosen late hides what others had sent before", async () => {
    using guest = new TestGuest();
    const [target, a, b] = [bound(guest, family), bound(guest, family), bound(guest, family)];
    const address = guest.local("udp", target);
    const [anyone] = streams(guest, target);
    send(guest, streams(guest, a, address)[1], ["a"]);
    await anyone.wait();
    const [onlyB] = streams(guest, target, guest.local("udp", b));
    send(guest, streams(guest, b, address)[1], ["b"]);
    expect(texts(await receive(guest, onlyB))).toEqual(["b"]);
    expect(guest.code("[method]incoming-datagram-stream.receive", anyone, 1n)).toBe(
      "invalid-state",
    );
  });

  test("the peer is changed and taken away, the port stays", async () => {
    using guest = new TestGuest();
    const [socket, peer] = [bound(guest, family), bound(guest, family)];
    const local = guest.local("udp", socket);
    streams(guest, socket, loopback(family, 4321));
    streams(guest, socket, loopback(family, 4320));
    expect(guest.ok("[method]udp-socket.remote-address", socket)).toEqual(loopback(family, 4320));
    const [input] = streams(guest, socket);
    expect(guest.code("[method]udp-socket.remote-address", socket)).toBe("invalid-state");
    expect(guest.local("udp", socket)).toEqual(local);
    send(guest, streams(guest, peer)[1], ["still there"], local);
    expect(texts(await receive(guest, input))).toEqual(["still there"]);
  });
});

test("a peer that does not listen refuses", async () => {
  using guest = new TestGuest();
  const gone = bound(guest);
  const address = guest.local("udp", gone);
  guest.drop(gone);
  const [input, output] = streams(guest, bound(guest), address);
  send(guest, output, ["anyone?"]);
  await input.wait();
  const name = "[method]incoming-datagram-stream.receive";
  expect(guest.code(name, input, 0n)).toBe("ok");
  expect(guest.code(name, input, 1n)).toBe("connection-refused");
});

test("what nobody receives is dropped beyond the bound", async () => {
  using guest = new TestGuest();
  const socket = bound(guest);
  const [input] = streams(guest, socket);
  const sender = createSocket("udp4");
  const datagram = new Uint8Array(60_000);
  const count = Math.ceil(limits.datagramQueueBytesMax / datagram.length) + 8;
  const { port } = guest.local("udp", socket).val;
  for (let sent = 0; sent < count; sent += 1) {
    sender.send(datagram, port, "127.0.0.1");
    await new Promise(setImmediate);
  }
  await input.wait();
  let kept = 0;
  for (let received = -1; received !== 0; kept += received) {
    const name = "[method]incoming-datagram-stream.receive";
    received = guest.ok<IncomingDatagram[]>(name, input, 16n).length;
  }
  expect(kept).toBeGreaterThan(0);
  expect(kept * datagram.length).toBeLessThanOrEqual(limits.datagramQueueBytesMax);
  await new Promise<void>((resolve) => sender.close(resolve));
});

test("sends that were not permitted trap", () => {
  using guest = new TestGuest();
  const [, output] = streams(guest, bound(guest), loopback("ipv4", 4320));
  const datagrams = (count: number): object[] =>
    Array.from({ length: count }, () => ({ data: Buffer.from("x"), remoteAddress: undefined }));
  const name = "[method]outgoing-datagram-stream.send";
  expect(guest.ok(name, output, [])).toBe(0n);
  expect(() => guest.call(name, output, datagrams(1))).toThrow("check-send");
  const permitted = guest.ok<bigint>("[method]outgoing-datagram-stream.check-send", output);
  expect(permitted).toBeGreaterThan(0n);
  expect(() => guest.call(name, output, datagrams(Number(permitted) + 1))).toThrow("check-send");
});

describe("sending", () => {
  const peer = loopback("ipv4", 47);
  test.each([
    { name: "no peer and no address", code: "invalid-argument" },
    { name: "wildcard", to: endpoint("0.0.0.0", 47), code: "invalid-argument" },
    { name: "port 0", to: endpoint("127.0.0.1", 0), code: "invalid-argument" },
    { name: "wrong family", to: endpoint("::1", 47), code: "invalid-argument" },
    { name: "not the peer", peer, to: loopback("ipv4", 48), code: "invalid-argument" },
    { name: "too large", peer, size: 65_508, code: "datagram-too-large" },
    { name: "the peer itself", peer, to: peer, code: "ok" },
  ])("$name: $code", (row) => {
    using guest = new TestGuest();
    const [, output] = streams(guest, bound(guest), row.peer);
    guest.ok("[method]outgoing-datagram-stream.check-send", output);
    const datagrams = [{ data: new Uint8Array(row.size ?? 1), remoteAddress: row.to }];
    expect(guest.code("[method]outgoing-datagram-stream.send", output, datagrams)).toBe(row.code);
  });

  test("after a first success an error only ends the count", () => {
    using guest = new TestGuest();
    const [, output] = streams(guest, bound(guest));
    guest.ok("[method]outgoing-datagram-stream.check-send", output);
    const datagrams = [
      { data: new Uint8Array(1), remoteAddress: loopback("ipv4", 47) },
      { data: new Uint8Array(1), remoteAddress: undefined },
    ];
    expect(guest.ok("[method]outgoing-datagram-stream.send", output, datagrams)).toBe(1n);
  });
});

test("every use of an address is asked for", async () => {
  const denied = new Set<string>();
  const asked: unknown[] = [];
  using guest = new TestGuest({
    isAllowed: (use, host, port) => {
      asked.push([use, host, port]);
      return !denied.has(use);
    },
  });
  denied.add("udp-bind");
  const refused = guest.socket("udp");
  expect(guest.bind("udp", refused, loopback())).toBe("access-denied");
  denied.clear();
  const socket = bound(guest);
  denied.add("udp-connect").add("udp-send");
  const to = loopback("ipv4", 9);
  expect(guest.code("[method]udp-socket.stream", socket, to)).toBe("access-denied");
  const [, output] = streams(guest, socket);
  guest.ok("[method]outgoing-datagram-stream.check-send", output);
  const datagrams = [{ data: new Uint8Array(1), remoteAddress: to }];
  const result = guest.call("[method]outgoing-datagram-stream.send", output, datagrams);
  expect(result).toEqual<SocketResult<never>>({ tag: "err", val: "access-denied" });
  expect(asked).toEqual([
    ["udp-bind", "127.0.0.1", 0],
    ["udp-bind", "127.0.0.1", 0],
    ["udp-connect", "127.0.0.1", 9],
    ["udp-send", "127.0.0.1", 9],
  ]);
});

test("operations in the wrong state", () => {
  using guest = new TestGuest();
  const socket = guest.socket("udp");
  const code = (method: string, ...values: unknown[]): string =>
    guest.code(`[method]udp-socket.${method}`, socket, ...values);
  expect(code("finish-bind")).toBe("not-in-progress");
  expect(code("stream", undefined)).toBe("invalid-state");
  expect(code("local-address")).toBe("invalid-state");
  expect(code("start-bind", {}, loopback("ipv6"))).toBe("invalid-argument");
  expect(code("start-bind", {}, endpoint("192.0.2.0", 0))).toBe("address-not-bindable");
  expect(code("start-bind", {}, loopback())).toBe("ok");
  expect(code("start-bind", {}, loopback())).toBe("concurrency-conflict");
  expect(code("finish-bind")).toBe("ok");
  expect(code("start-bind", {}, loopback())).toBe("invalid-state");
  expect(code("stream", endpoint("0.0.0.0", 47))).toBe("invalid-argument");
  const second = guest.socket("udp");
  expect(guest.bind("udp", second, guest.local("udp", socket))).toBe("address-in-use");
});

describe("options", () => {
  test.each([
    ["unicast-hop-limit", 255],
    ["receive-buffer-size", 16_000n],
    ["send-buffer-size", 16_000n],
  ])("%s is kept and applied, before and after bind", (name, value) => {
    using guest = new TestGuest();
    const socket = guest.socket("udp");
    const zero = typeof value === "bigint" ? 0n : 0;
    expect(Number(guest.ok(`[method]udp-socket.${name}`, socket))).toBeGreaterThan(0);
    expect(guest.code(`[method]udp-socket.set-${name}`, socket, zero)).toBe("invalid-argument");
    guest.ok(`[method]udp-socket.set-${name}`, socket, value);
    expect(guest.bind("udp", socket, loopback())).toBe("ok");
    expect(guest.ok(`[method]udp-socket.${name}`, socket)).toBe(value);
    expect(guest.code(`[method]udp-socket.set-${name}`, socket, value)).toBe("ok");
  });
});

test("what was sent leaves although the socket is dropped at once", async () => {
  using guest = new TestGuest();
  const outside = createSocket("udp4");
  const { port } = outside.bindSync({ address: "127.0.0.1", port: 0 });
  const message = once(outside, "message");
  const socket = bound(guest);
  send(guest, streams(guest, socket, loopback("ipv4", port))[1], ["last words"]);
  guest.drop(socket);
  const [data] = (await message) as [Buffer];
  expect(data.toString()).toBe("last words");
  await new Promise<void>((resolve) => outside.close(resolve));
});
