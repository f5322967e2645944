import { expect, test } from "vitest";
import { fakeServer } from "../network/fake-server.ts";
import { parseRedisAddress } from "./redis-address.ts";
import { RedisConnection } from "./redis-connection.ts";

/** Answers each GET with its key. */
async function echoingServer(received: string[]): ReturnType<typeof fakeServer> {
  return await fakeServer((socket) => {
    socket.on("data", (chunk: Buffer) => {
      const text = chunk.toString();
      received.push(text);
      for (const [, key = ""] of text.matchAll(/GET\r\n\$\d+\r\n(\w+)\r\n/g)) {
        socket.write(`$${key.length}\r\n${key}\r\n`);
      }
    });
  });
}

async function connect(port: number): Promise<RedisConnection> {
  const address = parseRedisAddress(`redis://127.0.0.1:${port}`);
  if (address === undefined) throw new Error("no address");
  return await RedisConnection.open(address, { isAddressAllowed: () => true });
}

test("commands of one turn of the event loop leave in one packet, in order", async () => {
  const received: string[] = [];
  await using server = await echoingServer(received);
  const connection = await connect(server.port);
  const keys = ["a", "b", "c"];
  const replies = await Promise.all(keys.map((key) => connection.call("GET", [key])));
  expect(replies.map(String)).toEqual(keys);
  expect(received).toEqual([keys.map((key) => `*2\r\n$3\r\nGET\r\n$1\r\n${key}\r\n`).join("")]);
  expect(String(await connection.call("GET", ["d"]))).toBe("d");
  expect(received).toHaveLength(2);
  connection.close();
});

test("commands that wait for their turn fail with the connection", async () => {
  await using server = await echoingServer([]);
  const connection = await connect(server.port);
  const lost = connection.call("GET", ["a"]);
  expect(connection.pending).toBe(1);
  connection.close();
  await expect(lost).rejects.toThrow(/clos/i);
  expect(connection.pending).toBe(0);
  await expect(connection.call("GET", ["b"])).rejects.toThrow(/clos/i);
});
