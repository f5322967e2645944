import { setTimeout as delay } from "node:timers/promises";
import { connectAsync, type MqttClient } from "mqtt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  mosquittoObstacle,
  type MosquittoServer,
  startMosquitto,
} from "../../../test/servers/mosquitto.ts";
import { freePort } from "../../../test/servers/server-process.ts";
import { limits } from "../../limits.ts";
import { callHost } from "../network/call-host.ts";
import { fakeServer } from "../network/fake-server.ts";
import type { OutboundNetwork } from "../network/outbound-network.ts";
import { mqttV2, mqttV3 } from "./mqtt.ts";
import { MqttPools } from "./mqtt-pools.ts";
import { MqttContext, type MqttScope } from "./mqtt-scope.ts";

const obstacle = mosquittoObstacle();
if (obstacle !== undefined) throw new Error(obstacle);

const network: OutboundNetwork = { isAddressAllowed: () => true, connectMsMax: 3000 };
const login = { username: "user", password: "p w" };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const okay = { tag: "ok", val: undefined };
const failed = (tag: string, val?: unknown): unknown => ({ tag: "err", val: { tag, val } });
const connectionFailed = (text: string): unknown =>
  failed("connection-failed", expect.stringContaining(text));

let server: MosquittoServer;
let pools: MqttPools;
let scope: MqttScope;
let listener: MqttClient;
const received = new Map<string, string>();

beforeAll(async () => {
  server = await startMosquitto({ login });
  pools = new MqttPools({ network });
  scope = newScope(pools);
  listener = await connectAsync(server.url, login);
  listener.on("message", (topic, payload) => received.set(topic, payload.toString("latin1")));
  await listener.subscribeAsync("#", { qos: 2 });
});

afterAll(async () => {
  await listener.endAsync(true);
  await pools[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

function newScope(of: MqttPools): MqttScope {
  return { outbound: { allows: () => true }, mqtt: new MqttContext(of) };
}

function open(within: MqttScope, address: string, password = login.password): Promise<unknown> {
  const user = [login.username, password, 30n];
  return callHost(mqttV2, within, "[static]connection.open", address, ...user) as Promise<unknown>;
}

async function publish(within: MqttScope, address: string, ...message: unknown[]) {
  const opened = (await open(within, address)) as { val: object };
  expect(opened).toMatchObject({ tag: "ok" });
  return callHost(mqttV2, within, "[method]connection.publish", opened.val, ...message);
}

const message = ["topic", bytes("x"), "at-least-once"];

describe.each([mqttV2, mqttV3])("$name@$version", (host) => {
  test.each(["at-most-once", "at-least-once", "exactly-once"])("publishes %s", async (qos) => {
    const address = `${server.url}?client_id=publisher`;
    const arguments_ = [address, login.username, login.password, 5n];
    const opened = (await callHost(host, scope, "[static]connection.open", ...arguments_)) as {
      val: object;
    };
    const topic = `${host.version}/${qos}`;
    const payload = Uint8Array.from({ length: 256 }, (_, index) => index);
    expect(
      await callHost(host, scope, "[method]connection.publish", opened.val, topic, payload, qos),
    ).toEqual(okay);
    await expect.poll(() => received.get(topic)).toBe(Buffer.from(payload).toString("latin1"));
    host.resources["connection"]?.drop?.(scope, opened.val);
  });
});

test.each([
  ["without a client id", "mqtt://127.0.0.1:1883"],
  ["of another scheme", "http://127.0.0.1?client_id=a"],
  ["with an unknown parameter", "mqtt://127.0.0.1?client_id=a&nonsense=1"],
])("an address %s is invalid", async (_, address) => {
  expect(await open(scope, address)).toEqual(failed("invalid-address"));
});

test("an address that is not allowed", async () => {
  const denied = { mqtt: new MqttContext(pools), outbound: { allows: () => false } };
  const address = "mqtt://broker?client_id=a";
  expect(await open(denied, address)).toEqual(
    failed("connection-failed", `address ${address} is not permitted`),
  );
  expect(await open(scope, "")).toEqual(failed("connection-failed", "address  is not permitted"));
});

test("the wrong password, nobody there, a blocked network", async () => {
  const address = `${server.url}?client_id=wrong`;
  const opened = (await open(scope, address, "wrong")) as { val: object };
  expect(
    await callHost(mqttV2, scope, "[method]connection.publish", opened.val, ...message),
  ).toEqual(connectionFailed("Not authorized"));
  const nobody = `mqtt://127.0.0.1:${await freePort()}?client_id=a`;
  expect(await publish(scope, nobody, ...message)).toEqual(connectionFailed("ECONNREFUSED"));
  await using blocked = new MqttPools({ network: { isAddressAllowed: () => false } });
  expect(await publish(newScope(blocked), "mqtt://localhost:1?client_id=a", ...message)).toEqual(
    connectionFailed("allows no connection"),
  );
});

test.each([["a/+"], ["#"], [""], ["null\0"], ["x".repeat(limits.mqttTopicBytesMax + 1)]])(
  "topic %j cannot be published to",
  async (topic) => {
    const address = `${server.url}?client_id=topics`;
    expect(await publish(scope, address, topic, bytes("x"), "at-most-once")).toEqual(
      failed("other", expect.stringContaining("topic")),
    );
  },
);

test("a payload above the configured size", async () => {
  await using small = new MqttPools({ network, maxPayloadSizeBytes: 3 });
  const address = `${server.url}?client_id=small`;
  expect(await publish(newScope(small), address, "t", bytes("1234"), "at-most-once")).toEqual(
    failed("other", "payload size 4 exceeds the maximum allowed size of 3 bytes"),
  );
  expect(await publish(newScope(small), address, "t", bytes("123"), "at-most-once")).toEqual(okay);
});

test("TLS", async () => {
  await using secure = await startMosquitto({ tls: true });
  const ca = secure.certificate?.ca ?? "";
  await using trusting = new MqttPools({ network: { ...network, authorities: [ca] } });
  const address = `${secure.url}?client_id=tls`;
  expect(await publish(newScope(trusting), address, ...message)).toEqual(okay);
  expect(await publish(scope, address, ...message)).toEqual(connectionFailed("certificate"));
});

test("a broker that dies and comes back", async () => {
  await using restarted = await startMosquitto();
  const address = `${restarted.url}?client_id=restart`;
  expect(await publish(scope, address, ...message)).toEqual(okay);
  await restarted.kill();
  await delay(50);
  expect(await publish(scope, address, ...message)).toEqual(connectionFailed(""));
  await restarted.restart();
  expect(await publish(scope, address, ...message)).toEqual(okay);
});

const connack = Buffer.from([0x20, 2, 0, 0]);

test.each([
  ["HTTP", [Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")]],
  ["a refusal", [Buffer.from([0x20, 2, 0, 2])]],
  ["a packet of no known kind", [connack, Buffer.from([0xf0, 0])]],
  ["an acknowledgement of half a packet", [connack, Buffer.from([0x40, 2, 0])]],
  ["a length without end", [connack, Buffer.from([0x40, 255, 255, 255, 255, 255])]],
  ["nothing but the end", []],
])("a broker that sends %s", async (_, packets) => {
  await using garbage = await fakeServer((socket) => {
    socket.once("data", () => {
      socket.write(packets[0] ?? Buffer.alloc(0));
      setTimeout(() => socket.end(packets[1] ?? Buffer.alloc(0)), 50);
    });
  });
  const address = `mqtt://127.0.0.1:${garbage.port}?client_id=a`;
  expect(await publish(scope, address, ...message)).toEqual(connectionFailed(""));
});

test("a broker that never answers is given up", async () => {
  await using silent = await fakeServer(() => undefined);
  await using hasty = new MqttPools({ network: { ...network, connectMsMax: 200 } });
  const address = `mqtt://127.0.0.1:${silent.port}?client_id=a`;
  expect(await publish(newScope(hasty), address, ...message)).toEqual(connectionFailed(""));
});

test("an instance has so many connections and no more", async () => {
  const within = newScope(pools);
  for (let count = 0; count < limits.guestConnectionsMax; count++) within.mqtt.opens();
  expect(await open(within, `${server.url}?client_id=a`)).toEqual(failed("too-many-connections"));
});

test("a hundred guests at once", async () => {
  const address = `${server.url}?client_id=many`;
  const results = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      publish(newScope(pools), address, `many/${index}`, bytes("x"), "at-least-once"),
    ),
  );
  expect(results).toEqual(results.map(() => okay));
});
