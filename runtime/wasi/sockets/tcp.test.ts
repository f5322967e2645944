import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { beforeEach, describe, expect, test } from "vitest";
import { endOf, endpoint, missing, loopback, readText, TestGuest } from "./sockets-fixture.ts";

const text = (value: string): Uint8Array => Buffer.from(value);

describe.each(["ipv4", "ipv6"] as const)("over %s", (family) => {
  beforeEach((context) => context.skip(missing(family) !== undefined, missing(family)));

  test("client and server of the guest talk, half-close, and know their addresses", async () => {
    using guest = new TestGuest();
    const listener = await guest.listener(family);
    const address = guest.local("tcp", listener);
    expect(address.val.address).toEqual(loopback(family).val.address);
    expect(guest.call("[method]tcp-socket.is-listening", listener)).toBe(true);
    expect(guest.call("[method]tcp-socket.address-family", listener)).toBe(family);

    const client = guest.socket("tcp", family);
    const [clientIn, clientOut] = await guest.connect(client, address);
    const [server, serverIn, serverOut] = await guest.accept(listener);
    expect(guest.ok("[method]tcp-socket.remote-address", client)).toEqual(address);
    expect(guest.local("tcp", server)).toEqual(address);
    expect(guest.ok("[method]tcp-socket.remote-address", server)).toEqual(
      guest.local("tcp", client),
    );

    clientOut.write(text("question"));
    guest.ok("[method]tcp-socket.shutdown", client, "send");
    expect(await readText(serverIn)).toBe("question");
    serverOut.write(text("answer"));
    guest.ok("[method]tcp-socket.shutdown", server, "send");
    expect(await readText(clientIn)).toBe("answer");
    expect(endOf(() => clientOut.checkWrite())).toBe("closed");
    // Idempotent.
    expect(guest.code("[method]tcp-socket.shutdown", client, "both")).toBe("ok");
  });

  test("a bound client connects from where it is bound", async () => {
    using guest = new TestGuest();
    const listener = await guest.listener(family);
    const client = guest.socket("tcp", family);
    expect(guest.bind("tcp", client, loopback(family))).toBe("ok");
    const local = guest.local("tcp", client);
    expect(local.val.port).toBeGreaterThan(0);
    await guest.connect(client, guest.local("tcp", listener));
    const [server] = await guest.accept(listener);
    expect(guest.ok("[method]tcp-socket.remote-address", server)).toEqual(local);
  });

  test("an address that is listened on is in use at bind", async () => {
    using guest = new TestGuest();
    const listener = await guest.listener(family);
    const second = guest.socket("tcp", family);
    expect(guest.bind("tcp", second, guest.local("tcp", listener))).toBe("address-in-use");
    // A failed bind may be tried again.
    expect(guest.bind("tcp", second, loopback(family))).toBe("ok");
  });

  test("a port is free again once its socket is dropped", async () => {
    using guest = new TestGuest();
    const listener = await guest.listener(family);
    const address = guest.local("tcp", listener);
    guest.drop(listener);
    const bound = guest.socket("tcp", family);
    expect(guest.bind("tcp", bound, address)).toBe("ok");
    guest.drop(bound);
    expect(guest.bind("tcp", guest.socket("tcp", family), address)).toBe("ok");
  });
});

test("a server outside gets what the guest sends before it drops its socket", async () => {
  using guest = new TestGuest();
  const received = Promise.withResolvers<number>();
  const server = createServer((socket) => {
    let size = 0;
    socket.on("data", (chunk) => (size += chunk.length)).on("end", () => received.resolve(size));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = guest.socket("tcp");
  const [, output] = await guest.connect(client, loopback("ipv4", portOf(server.address())));
  let size = 0;
  // Until the kernel takes no more: the rest is ours to send after the drop.
  for (let permitted = 1; permitted > 0; size += permitted) {
    permitted = output.checkWrite();
    if (permitted > 0) output.write(new Uint8Array(permitted).fill(7));
  }
  output.dispose();
  guest.drop(client);
  expect(await received.promise).toBe(size);
  server.close();
});

test("the connection is refused: the socket is closed and says why", async () => {
  using guest = new TestGuest();
  const listener = await guest.listener();
  const address = guest.local("tcp", listener);
  guest.drop(listener);
  const client = guest.socket("tcp");
  guest.ok("[method]tcp-socket.start-connect", client, {}, address);
  expect(guest.code("[method]tcp-socket.finish-connect", client)).toBe("would-block");
  expect(client.isReady()).toBe(false);
  const result = await guest.finish(client, "[method]tcp-socket.finish-connect", client);
  expect(result).toEqual({ tag: "err", val: "connection-refused" });
  expect(client.isReady()).toBe(true);
  expect(guest.code("[method]tcp-socket.finish-connect", client)).toBe("not-in-progress");
  expect(guest.code("[method]tcp-socket.start-connect", client, {}, address)).toBe("invalid-state");
  expect(guest.code("[method]tcp-socket.local-address", client)).toBe("connection-refused");
});

test("a reset by the peer is told as the stream's error", async () => {
  using guest = new TestGuest();
  const server = createServer((socket) => socket.once("data", () => socket.resetAndDestroy()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = guest.socket("tcp");
  const address = loopback("ipv4", portOf(server.address()));
  const [input, output] = await guest.connect(client, address);
  output.write(text("reset me"));
  await input.wait();
  server.close();
  expect(endOf(() => input.read(1))).toContain("ECONNRESET");
  expect(endOf(() => input.read(1))).toBe("closed");
});

test("shutdown of receiving throws away what has arrived", async () => {
  using guest = new TestGuest();
  const listener = await guest.listener();
  const client = guest.socket("tcp");
  const [input] = await guest.connect(client, guest.local("tcp", listener));
  const [, , output] = await guest.accept(listener);
  output.write(text("unheard"));
  await input.wait();
  guest.ok("[method]tcp-socket.shutdown", client, "receive");
  expect(input.isReady()).toBe(true);
  expect(endOf(() => input.read(10))).toBe("closed");
  expect(endOf(() => input.read(0))).toBe("closed");
});

test("connections beyond the backlog are reset, accepted ones make room", async () => {
  using guest = new TestGuest();
  const listener = await guest.listener();
  guest.ok("[method]tcp-socket.set-listen-backlog-size", listener, 1n);
  const { port } = guest.local("tcp", listener).val;
  const first = connect(port, "127.0.0.1");
  await listener.wait();
  const second = connect(port, "127.0.0.1");
  const [error] = (await once(second.resume(), "error")) as [NodeJS.ErrnoException];
  expect(error.code).toBe("ECONNRESET");
  await guest.accept(listener);
  expect(guest.code("[method]tcp-socket.accept", listener)).toBe("would-block");
  const third = connect(port, "127.0.0.1");
  await guest.accept(listener);
  first.destroy();
  third.destroy();
});

test("what was not accepted is reset when the listener is dropped", async () => {
  using guest = new TestGuest();
  const listener = await guest.listener();
  const client = connect(guest.local("tcp", listener).val.port, "127.0.0.1");
  await listener.wait();
  guest.drop(listener);
  const [error] = (await once(client.resume(), "error")) as [NodeJS.ErrnoException];
  expect(error.code).toBe("ECONNRESET");
});

describe("permission", () => {
  test.each([
    ["tcp-bind", "start-bind", "127.0.0.1", 0],
    ["tcp-connect", "start-connect", "127.0.0.1", 9],
    ["tcp-bind", "start-bind", "::1", 0],
    ["tcp-connect", "start-connect", "2001:db8::1", 443],
  ] as const)("%s denied: %s of %s:%d", (use, method, host, port) => {
    const asked: unknown[] = [];
    using guest = new TestGuest({
      isAllowed: (...question) => {
        asked.push(question);
        return false;
      },
    });
    const socket = guest.socket("tcp", host.includes(":") ? "ipv6" : "ipv4");
    const name = `[method]tcp-socket.${method}`;
    expect(guest.code(name, socket, {}, endpoint(host, port))).toBe("access-denied");
    expect(asked).toEqual([[use, host, port]]);
    expect(guest.code("[method]tcp-socket.local-address", socket)).toBe("invalid-state");
  });
});

describe("bad addresses", () => {
  test.each([
    ["ipv4", "::1", "invalid-argument"],
    ["ipv6", "127.0.0.1", "invalid-argument"],
    ["ipv6", "::ffff:127.0.0.1", "invalid-argument"],
    ["ipv4", "255.255.255.255", "invalid-argument"],
    ["ipv4", "224.254.0.0", "invalid-argument"],
    ["ipv6", "ff00::", "invalid-argument"],
    ["ipv4", "192.0.2.0", "address-not-bindable"],
  ] as const)("%s start-bind %s: %s", (family, host, code) => {
    using guest = new TestGuest();
    const socket = guest.socket("tcp", family);
    const bind = "[method]tcp-socket.start-bind";
    expect(guest.code(bind, socket, {}, endpoint(host, 0))).toBe(code);
  });

  test.each([
    ["ipv4", "0.0.0.0", 47],
    ["ipv4", "127.0.0.1", 0],
    ["ipv4", "::1", 47],
    ["ipv4", "255.255.255.255", 47],
    ["ipv6", "::", 47],
    ["ipv6", "::ffff:127.0.0.1", 47],
    ["ipv6", "ff00::", 47],
  ] as const)("%s start-connect %s port %d", (family, host, port) => {
    using guest = new TestGuest();
    const socket = guest.socket("tcp", family);
    const connecting = "[method]tcp-socket.start-connect";
    expect(guest.code(connecting, socket, {}, endpoint(host, port))).toBe("invalid-argument");
    expect(socket.isReady()).toBe(true);
  });
});

test("operations in the wrong state, on real sockets", async () => {
  using guest = new TestGuest();
  const socket = guest.socket("tcp");
  const code = (method: string, ...values: unknown[]): string =>
    guest.code(`[method]tcp-socket.${method}`, socket, ...values);
  expect(code("start-listen")).toBe("invalid-state");
  expect(code("accept")).toBe("invalid-state");
  expect(code("shutdown", "both")).toBe("invalid-state");
  expect(code("start-bind", {}, loopback())).toBe("ok");
  expect(code("start-bind", {}, loopback())).toBe("concurrency-conflict");
  expect(code("start-listen")).toBe("concurrency-conflict");
  expect(code("finish-listen")).toBe("not-in-progress");
  expect(code("finish-bind")).toBe("ok");
  expect(code("finish-bind")).toBe("not-in-progress");
  expect(code("start-bind", {}, loopback())).toBe("invalid-state");
  expect(code("start-listen")).toBe("ok");
  expect(code("finish-listen")).toBe("would-block");
  expect(guest.call("[method]tcp-socket.is-listening", socket)).toBe(false);
  await socket.wait();
  expect(code("finish-listen")).toBe("ok");
  expect(code("accept")).toBe("would-block");
  expect(code("start-connect", {}, loopback("ipv4", 47))).toBe("invalid-state");
  expect(code("remote-address")).toBe("invalid-state");
});

describe("options", () => {
  const second = 1_000_000_000n;
  test.each([
    ["keep-alive-enabled", true, true],
    ["keep-alive-idle-time", 42n * second, 42n * second],
    ["keep-alive-idle-time", 1n, second],
    ["keep-alive-idle-time", 0xffff_ffff_ffff_ffffn, 32_767n * second],
    ["keep-alive-interval", 43n * second, 43n * second],
    ["keep-alive-count", 44, 44],
    ["keep-alive-count", 0xffff_ffff, 127],
    ["hop-limit", 45, 45],
    ["receive-buffer-size", 0x10000n, 0x10000n],
    ["send-buffer-size", 0xffff_ffff_ffff_ffffn, 0x7fff_ffffn],
  ])("%s set to %s is %s, and an accepted socket has it", async (name, value, expected) => {
    using guest = new TestGuest();
    const listener = await guest.listener();
    guest.ok(`[method]tcp-socket.set-${name}`, listener, value);
    const client = guest.socket("tcp");
    await guest.connect(client, guest.local("tcp", listener));
    const [server] = await guest.accept(listener);
    expect(guest.ok(`[method]tcp-socket.${name}`, listener)).toBe(expected);
    expect(guest.ok(`[method]tcp-socket.${name}`, server)).toBe(expected);
    expect(guest.code(`[method]tcp-socket.set-${name}`, client, value)).toBe("ok");
  });

  test.each([
    ["listen-backlog-size", 0n],
    ["keep-alive-idle-time", 0n],
    ["keep-alive-interval", 0n],
    ["keep-alive-count", 0],
    ["hop-limit", 0],
    ["receive-buffer-size", 0n],
    ["send-buffer-size", 0n],
  ])("%s may not be zero", (name, value) => {
    using guest = new TestGuest();
    const socket = guest.socket("tcp");
    expect(guest.code(`[method]tcp-socket.set-${name}`, socket, value)).toBe("invalid-argument");
  });
});

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("not listening");
  return address.port;
}

test("a connection is made once it may, and gives its right back when it has ended", async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: permit, resolve: allow } = Promise.withResolvers<() => void>();
  let connections = 0;
  await using server = createServer(() => connections++);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  using guest = new TestGuest({ connectionPermit: () => permit });
  const socket = guest.socket("tcp");
  const { port } = server.address() as AddressInfo;
  const address = endpoint("127.0.0.1", port);
  guest.ok("[method]tcp-socket.start-connect", socket, {}, address);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(guest.code("[method]tcp-socket.finish-connect", socket)).toBe("would-block");
  expect(connections).toBe(0);
  allow(release);
  const connected = await guest.finish(socket, "[method]tcp-socket.finish-connect", socket);
  expect(connected.tag).toBe("ok");
  guest.drop(socket);
  await released;
});
