import { createSocket } from "node:dgram";
import { once } from "node:events";
import { expect, test } from "vitest";
import type { SocketsContext } from "../context.ts";
import type { IpSocketAddress } from "../sockets/socket-address.ts";
import { ConnectableUdpSocket } from "./connectable-udp-socket.ts";

const context: SocketsContext = { isAllowed: () => true, nameLookup: false };

function loopback(port: number): IpSocketAddress {
  return { tag: "ipv4", val: { port, address: [127, 0, 0, 1] } };
}

function bound(): ConnectableUdpSocket {
  const socket = new ConnectableUdpSocket("ipv4");
  expect(socket.startBind(context, loopback(0)).tag).toBe("ok");
  expect(socket.finishBind().tag).toBe("ok");
  return socket;
}

async function echo() {
  const peer = createSocket("udp4");
  peer.on("message", (message, from) => peer.send(message, from.port, from.address));
  peer.bind(0, "127.0.0.1");
  await once(peer, "listening");
  return peer;
}

test.each([
  ["connected", true],
  ["not connected", false],
])("datagrams go and come: %s", async (_, connects) => {
  const peer = await echo();
  using socket = bound();
  const remote = loopback(peer.address().port);
  const steps = connects ? [socket.startConnect(remote), socket.finishConnect(context)] : [];
  expect(steps.every(({ tag }) => tag === "ok")).toBe(true);
  const datagram = { data: Buffer.from("hello"), remoteAddress: remote };
  let sent = socket.send(context, [datagram]);
  while (sent.tag === "ok" && sent.val === 0n) {
    await new Promise((resolve) => setImmediate(resolve));
    sent = socket.send(context, [datagram]);
  }
  expect(sent).toEqual({ tag: "ok", val: 1n });
  const pollable = socket.subscribe();
  while (!pollable.isReady()) await pollable.wait();
  const received = socket.receive(context, 10n);
  expect(received).toMatchObject({ tag: "ok", val: [{ remoteAddress: remote }] });
  expect(received.tag === "ok" ? Buffer.from(received.val[0]?.data ?? []).toString() : "").toBe(
    "hello",
  );
  peer.close();
});

test("a second connect under way is refused, and one that was never started", () => {
  using socket = bound();
  expect(socket.finishConnect(context)).toEqual({ tag: "err", val: "not-in-progress" });
  expect(socket.startConnect(loopback(9)).tag).toBe("ok");
  expect(socket.startConnect(loopback(9))).toEqual({ tag: "err", val: "concurrency-conflict" });
});

test("nothing works before the bind", () => {
  using socket = new ConnectableUdpSocket("ipv4");
  expect(socket.receive(context, 1n)).toEqual({ tag: "err", val: "invalid-state" });
  expect(socket.send(context, [])).toEqual({ tag: "err", val: "invalid-state" });
});
