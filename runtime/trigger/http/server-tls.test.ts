import { once } from "node:events";
import { connect } from "node:http2";
import { Agent, request } from "node:https";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { connect as tlsConnect } from "node:tls";
import { expect, test } from "vitest";
import type { TlsFiles } from "./node-servers.ts";
import { testCertificate } from "./test-certificate.ts";
import { RawClient, respond, startServer } from "./test-server.ts";
import type { Guest } from "./test-server.ts";

const tls = testCertificate();

const describeRequest: Guest = async ({ scheme, headers }, sink) => {
  const url = headers.find(([name]) => name === "spin-full-url")?.[1];
  respond(sink, `${scheme} ${String(url)}`);
};

test("HTTP/1.1", async () => {
  await using server = await startServer(describeRequest, { tls });
  const agent = new Agent({ ca: tls.cert, keepAlive: false });
  const outgoing = request(`${server.address.url}/a`, { agent });
  outgoing.end();
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  expect(response.httpVersion).toBe("1.1");
  expect(await text(response)).toBe(`https ${server.address.url}/a`);
});

test("HTTP/2", async () => {
  await using server = await startServer(describeRequest, { tls });
  expect(server.address.url).toMatch(/^https:/);
  const client = connect(server.address.url, { ca: tls.cert });
  expect(await text(client.request({ ":path": "/a" }))).toBe(`https ${server.address.url}/a`);
  expect(client.alpnProtocol).toBe("h2");
  client.close();
});

test.each(["h2", "http/1.1"])("a client that vanishes is noticed over %s", async (protocol) => {
  const outcome = Promise.withResolvers<string>();
  const begun = Promise.withResolvers<void>();
  const guest: Guest = async (_exchange, sink) => {
    const output = sink.head(200, []);
    begun.resolve();
    try {
      for (;;) {
        output.checkWrite();
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    } catch (error) {
      outcome.resolve(String(error));
    }
  };
  await using server = await startServer(guest, { tls });
  const { port, host } = server.address;
  const socket = tlsConnect({ port, host, ca: tls.cert, ALPNProtocols: [protocol] });
  await once(socket, "secureConnect");
  if (protocol === "h2") {
    const client = connect(server.address.url, { createConnection: () => socket });
    client.request({ ":path": "/" }).on("error", () => {});
  } else {
    socket.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  await begun.promise;
  socket.destroy();
  expect(await outcome.promise).toContain("stream closed");
});

test("what is no TLS is closed, and does no harm", async () => {
  await using server = await startServer(describeRequest, { tls });
  using client = await RawClient.connect(server);
  client.send("GET / HTTP/1.1", "Host: h", "", "");
  await client.untilClosed();
  const http2 = connect(server.address.url, { ca: tls.cert });
  expect(await text(http2.request({ ":path": "/" }))).toContain("https");
  http2.close();
});

test("closing does not wait for a handshake", async () => {
  const server = await startServer(describeRequest, { tls, limits: { shutdownMsMax: 20 } });
  using client = await RawClient.connect(server);
  await server.close();
  await client.untilClosed();
  expect(client.received).toBe("");
});

test.each<[string, TlsFiles]>([
  ["no certificate", { cert: "nonsense", key: tls.key }],
  ["no key", { cert: tls.cert, key: "nonsense" }],
  ["another's key", { cert: tls.cert, key: testCertificate().key }],
])("%s is an error of usage", async (_name, files) => {
  await expect(startServer(describeRequest, { tls: files })).rejects.toThrow(
    expect.objectContaining({ code: "usage" }),
  );
});
