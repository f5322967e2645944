import { once } from "node:events";
import {
  type AddressInfo,
  BoundSocket,
  createServer,
  type LookupFunction,
  type Server,
} from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { GuestNetwork } from "./guest-network.ts";
import { PlacedSocket } from "./placed-socket.ts";

let server: Server;
let port: number;
let placed: number[];

const resolve: LookupFunction = (host, _options, callback) => {
  if (host === "server") callback(null, [{ address: "127.0.0.1", family: 4 }]);
  else callback(Object.assign(new Error(`no ${host}`), { code: "ENOTFOUND" }), []);
};

function network(place: (version: 4 | 6) => Promise<void> = async () => undefined): GuestNetwork {
  return {
    lookup: resolve,
    tcpSocket: () => ({
      handle: new BoundSocket({ host: "127.0.0.1" }),
      place: async (version) => {
        placed.push(version);
        await place(version);
      },
    }),
    bindUdp: () => expect.fail("there are no datagrams here"),
  };
}

beforeEach(async () => {
  placed = [];
  server = createServer((socket) => socket.end("hello"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});

afterEach(() => void server.close());

async function read(socket: PlacedSocket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

test.each(["server", "127.0.0.1"])("%s by a network's socket", async (host) => {
  const socket = new PlacedSocket(network()).connectTo({ host, port });
  expect(await read(socket)).toBe("hello");
  expect(placed).toEqual([4]);
});

test("without a network it is an ordinary socket", async () => {
  const socket = new PlacedSocket(undefined).connectTo({ host: "127.0.0.1", port });
  expect(await read(socket)).toBe("hello");
});

test("a way of its own to look a name up", async () => {
  const lookup: LookupFunction = (_host, _options, callback) => callback(null, "127.0.0.1", 4);
  const socket = new PlacedSocket(network()).connectTo({ host: "other", port, lookup });
  expect(await read(socket)).toBe("hello");
});

test("a name that is not known needs no socket of the network", async () => {
  const socket = new PlacedSocket(network()).connectTo({ host: "nobody", port });
  await expect(read(socket)).rejects.toMatchObject({ code: "ENOTFOUND" });
  expect(placed).toEqual([]);
});

test("a name that cannot be looked up, as Node tells it", async () => {
  const lookup = ((_host: string, _options: object, callback: (error: Error) => void): void =>
    callback(new Error("no resolver"))) as LookupFunction;
  const socket = new PlacedSocket(network()).connectTo({ host: "server", port, lookup });
  await expect(read(socket)).rejects.toThrow("no resolver");
});

test("a network that gives none", async () => {
  const none = network(() => Promise.reject(new Error("none left")));
  const socket = new PlacedSocket(none).connectTo({ host: "127.0.0.1", port });
  await expect(read(socket)).rejects.toThrow("none left");
});

test("nobody listens", async () => {
  server.close();
  await once(server, "close");
  const socket = new PlacedSocket(network()).connectTo({ host: "127.0.0.1", port });
  await expect(read(socket)).rejects.toMatchObject({ code: "ECONNREFUSED" });
});
