import { createHash } from "node:crypto";
import { request as http1Request, Agent } from "node:http";
import type { IncomingMessage } from "node:http";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { limits } from "../../limits.ts";
import { answer, echo, RawClient, startServer } from "./test-server.ts";

test("an upload comes back whole, through a client that reads slowly", async () => {
  await using server = await startServer(echo);
  const chunk = Buffer.alloc(64 * 1024, "x");
  const chunks = 200;
  const upload = http1Request(`${server.address.url}/`, { method: "POST" });
  const sent = createHash("sha256");
  const sending = (async () => {
    for (let i = 0; i < chunks; i++) {
      chunk.writeUInt32BE(i);
      sent.update(chunk);
      if (!upload.write(Buffer.from(chunk))) await once(upload, "drain");
    }
    upload.end();
  })();
  const [response] = (await once(upload, "response")) as [IncomingMessage];
  const received = createHash("sha256");
  for await (const part of response) {
    received.update(part as Buffer);
    await new Promise(setImmediate);
  }
  await sending;
  expect(received.digest("hex")).toBe(sent.digest("hex"));
});

test("a guest waits for a client that does not read", async () => {
  const blocked = Promise.withResolvers<number>();
  const total = 64 * 1024 * 1024;
  await using server = await startServer(async (_exchange, sink) => {
    const output = sink.head(200, [["content-length", Buffer.from(String(total))]]);
    let written = 0;
    while (written < total) {
      if (output.checkWrite() === 0) {
        blocked.resolve(written);
        expect(output.isReady()).toBe(false);
        await output.wait();
      } else {
        output.write(new Uint8Array(limits.streamWriteBytesMax));
        written += limits.streamWriteBytesMax;
      }
    }
    sink.finish([]);
  });
  using client = await RawClient.connect(server);
  client.socket.pause();
  client.send("GET / HTTP/1.1", "Host: h", "Connection: close", "", "");
  expect(await blocked.promise).toBeLessThan(total);
  let received = 0;
  client.socket.removeAllListeners("data");
  client.socket.on("data", (part: string) => (received += part.length));
  client.socket.resume();
  await client.untilClosed();
  expect(received).toBeGreaterThan(total);
});

test("the head arrives before the body is made", async () => {
  const release = Promise.withResolvers<void>();
  await using server = await startServer(async (_exchange, sink) => {
    const output = sink.head(200, []);
    await release.promise;
    output.write(Buffer.from("late"));
    sink.finish([]);
  });
  using client = await RawClient.connect(server);
  client.send("GET / HTTP/1.1", "Host: h", "", "");
  expect(await client.until("\r\n\r\n")).not.toContain("late");
  release.resolve();
  await client.until("late");
});

test("connections are kept", async () => {
  await using server = await startServer(answer("x"));
  using agent = Object.assign(new Agent({ keepAlive: true, maxSockets: 1 }), {
    [Symbol.dispose]: () => agent.destroy(),
  });
  const ports = new Set<number | undefined>();
  for (let i = 0; i < 5; i++) {
    const request = http1Request(`${server.address.url}/`, { agent });
    request.end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    ports.add(response.socket.localPort);
    expect(await text(response)).toBe("x");
  }
  expect(ports.size).toBe(1);
});
