import { createSocket } from "node:dgram";
import { once } from "node:events";
import { closeSync, fstatSync, openSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PlacedSocket } from "../../runtime/wasi/sockets/placed-socket.ts";
import { frontKernel } from "../front/front-kernel.ts";
import { DescriptorChannel } from "./descriptor-channel.ts";
import { linuxKernel } from "./kernel.ts";
import { PodSockets } from "./pod-sockets.ts";
import type { SocketRequest } from "./protocol.ts";

const front = frontKernel();
const kernel = linuxKernel();
let ends: readonly [number, number];
let descriptors: DescriptorChannel;
let sockets: PodSockets;
let asked: { readonly request: number; readonly sockets: SocketRequest }[];
let isAnswering: boolean;
let server: Server;

beforeEach(async () => {
  ends = front.channel();
  descriptors = new DescriptorChannel(kernel, ends[1]);
  asked = [];
  isAnswering = true;
  const ask = (request: number, wanted: SocketRequest): void => {
    asked.push({ request, sockets: wanted });
    setImmediate(() => {
      if (isAnswering) answer(request, wanted);
    });
  };
  sockets = new PodSockets({ descriptors, kernel, ask });
  sockets.use({ hosts: undefined, resolver: undefined, runtimeConfig: undefined });
  server = createServer((socket) => socket.end("hello"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(() => {
  isAnswering = false;
  sockets[Symbol.dispose]();
  ends.forEach((fd) => closeSync(fd));
  server.close();
});

/** As the front does, in this process's own network. */
function answer(request: number, wanted: SocketRequest): void {
  const made =
    wanted.kind === "listen"
      ? [front.boundSocket(wanted)]
      : Array.from({ length: wanted.count }, () => front.socket(wanted.kind, wanted.version));
  const message = `m${request}`;
  front.sendDescriptors(ends[0], message, made);
  made.forEach((fd) => closeSync(fd));
  sockets.receive(request, { descriptors: message });
}

async function read(socket: PlacedSocket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

test("a connection is made on a socket of the front", async () => {
  const { port } = server.address() as AddressInfo;
  expect(await read(new PlacedSocket(sockets).connectTo({ host: "127.0.0.1", port }))).toBe(
    "hello",
  );
  expect(asked.map((each) => each.sockets)).toEqual([{ kind: "tcp", version: 4, count: 1 }]);
});

test("a socket that is given up before it is placed leaves its number to others", async () => {
  isAnswering = false;
  const free = openSync("/dev/null", "r");
  closeSync(free);
  const socket = new PlacedSocket(sockets).connectTo({ host: "127.0.0.1", port: 1 });
  await expect.poll(() => asked.length).toBe(1);
  expect(fstatSync(free).isSocket()).toBe(true);
  socket.destroy();
  await expect.poll(() => isOpen(free)).toBe(false);
  const other = openSync("/dev/null", "r");
  expect(other).toBe(free);
  answer(1, { kind: "tcp", version: 4, count: 1 });
  await new Promise((resolve) => setImmediate(resolve));
  expect(fstatSync(other).isCharacterDevice()).toBe(true);
  closeSync(other);
});

test("a socket to listen on is bound already", async () => {
  const fd = await sockets.listen({ host: "127.0.0.1", port: 0 });
  const listener = createServer((socket) => socket.end("here"));
  listener.listen({ fd });
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const socket = new PlacedSocket(undefined).connectTo({ host: "127.0.0.1", port });
  expect(await read(socket)).toBe("here");
  listener.close();
});

test("sockets for datagrams are there at once, if the app may send any", async () => {
  const component = { allowedOutboundHosts: ["udp://127.0.0.1:*"] };
  await sockets.open({ components: new Map([["a", component]]) } as never);
  const socket = createSocket("udp4");
  sockets.bindUdp(socket, { host: "127.0.0.1", port: 0 });
  const receiver = createSocket("udp4");
  receiver.bind(0, "127.0.0.1");
  await once(receiver, "listening");
  const received = once(receiver, "message");
  socket.send("datagram", receiver.address().port, "127.0.0.1");
  const [message] = (await received) as [Buffer];
  expect(message.toString()).toBe("datagram");
  socket.close();
  receiver.close();
});

test("an app that may send none gets none", async () => {
  const component = { allowedOutboundHosts: ["http://127.0.0.1:*"] };
  await sockets.open({ components: new Map([["a", component]]) } as never);
  expect(asked).toEqual([]);
  const socket = createSocket("udp4");
  expect(() => sockets.bindUdp(socket, { host: "127.0.0.1", port: 0 })).toThrow("no socket yet");
  socket.close();
});

test("the front says why there is none", async () => {
  isAnswering = false;
  const wanted = sockets.listen({ host: "127.0.0.1", port: 80 });
  sockets.receive(1, { error: "listening on 127.0.0.1:80: address already in use" });
  await expect(wanted).rejects.toThrow("address already in use");
});

test("at the end nobody waits any more, and what comes late is closed", async () => {
  isAnswering = false;
  const wanted = sockets.listen({ host: "127.0.0.1", port: 0 });
  sockets[Symbol.dispose]();
  await expect(wanted).rejects.toThrow("the container has ended");
  await expect(sockets.listen({ host: "127.0.0.1", port: 0 })).rejects.toThrow("has ended");
  const before = descriptorsOpen();
  answer(1, { kind: "listen", host: "127.0.0.1", port: 0 });
  expect(descriptorsOpen()).toBe(before);
});

/** Among the first ones, which are given out first. */
function descriptorsOpen(): number {
  return Array.from({ length: 256 }, (_, fd) => fd).filter((fd) => isOpen(fd)).length;
}

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}
