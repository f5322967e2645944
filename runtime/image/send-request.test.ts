import { once } from "node:events";
import { Agent, createServer, request as openPlain } from "node:http";
import type { IncomingMessage, RequestListener } from "node:http";
import { Agent as TlsAgent, request as openTls } from "node:https";
import { createServer as createTcpServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import type { HttpAnswer, HttpRequest } from "./http-exchange.ts";
import { exchangeFailures, sendRequest } from "./send-request.ts";

const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

async function listen(server: Server, end: () => void): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push({ close: () => (end(), server.close()) });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  return listen(server, () => server.closeAllConnections());
}

function send(
  url: string,
  changes: Partial<HttpRequest> = {},
  times: { readonly idleMsMax?: number; readonly connectMsMax?: number } = {},
): Promise<HttpAnswer> {
  const isTls = url.startsWith("https:");
  const agent = isTls ? new TlsAgent() : new Agent({ keepAlive: true });
  open.push({ close: () => agent.destroy() });
  return sendRequest(
    {
      method: "GET",
      url: new URL(url),
      headers: {},
      body: undefined,
      signal: undefined,
      ...changes,
    },
    {
      agent,
      open: isTls ? openTls : openPlain,
      connectMsMax: 10_000,
      idleMsMax: 10_000,
      ...times,
    },
  );
}

test("gives status, the first value of each header, and the body", async () => {
  const host = await serve((request, response) => {
    response.setHeader("WWW-Authenticate", ["Basic realm=1", "Bearer realm=2"]);
    response.end(`${request.method} ${request.url} ${request.headers.authorization}`);
  });
  // A name and password in an address that a server gave are not ours to send.
  const { status, headers, body } = await send(`http://ann:secret@${host}/v2/?a=b`);
  expect(status).toBe(200);
  expect(headers["www-authenticate"]).toBe("Basic realm=1");
  expect((await buffer(body)).toString()).toBe("GET /v2/?a=b undefined");
});

test.each([
  ["bytes", () => Buffer.from("hello")],
  ["a stream", () => Readable.from([Buffer.from("hel"), Buffer.from("lo")])],
])("sends %s", async (_, body) => {
  const host = await serve((request, response) => void request.pipe(response));
  const headers = { "content-length": "5" };
  const answer = await send(`http://${host}/`, { method: "PUT", headers, body: body() });
  expect((await buffer(answer.body)).toString()).toBe("hello");
});

test("fewer bytes than announced are an error, and nobody waits for more", async () => {
  const host = await serve((request, response) => void request.pipe(response));
  const headers = { "content-length": "9" };
  const body = Readable.from([Buffer.from("hel"), Buffer.from("lo")]);
  const sent = send(`http://${host}/`, { method: "PUT", headers, body });
  await expect(sent).rejects.toMatchObject({ code: exchangeFailures.shortRequest });
});

test("a body that breaks ends the request with its own error", async () => {
  const host = await serve((request, response) => void request.pipe(response));
  const body = Readable.from(
    (function* broken() {
      yield Buffer.from("hel");
      throw new Error("the disk is gone");
    })(),
  );
  const headers = { "content-length": "5" };
  const sent = send(`http://${host}/`, { method: "PUT", headers, body });
  await expect(sent).rejects.toThrow("the disk is gone");
});

test("an answer that comes before the request was read is taken, and its connection ended", async () => {
  const host = await serve((request, response) => {
    request.pause();
    response.writeHead(413).end("too large");
  });
  const body = Buffer.alloc(64 * 1024 * 1024);
  const answer = await send(`http://${host}/`, { method: "PUT", body });
  const socket = socketOf(answer);
  expect(answer.status).toBe(413);
  expect((await buffer(answer.body)).toString()).toBe("too large");
  await expect.poll(() => socket.destroyed).toBe(true);
});

test("a server that takes the connection and is silent", async () => {
  const host = await serve(() => undefined);
  const sent = send(`http://${host}/`, {}, { idleMsMax: 50 });
  await expect(sent).rejects.toMatchObject({ code: exchangeFailures.headTimeout });
});

test.each([
  ["ends the connection", "", "ECONNRESET"],
  [
    "goes over to another protocol",
    "HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    exchangeFailures.cut,
  ],
  ["is no HTTP server", "SSH-2.0-x\r\n", "HPE_INVALID_CONSTANT"],
  [
    "has too many headers",
    `HTTP/1.1 200 OK\r\nx: ${"y".repeat(100_000)}\r\n\r\n`,
    "HPE_HEADER_OVERFLOW",
  ],
])("a server that %s", async (_, said, code) => {
  const host = await serve((request) => void request.socket.end(said));
  await expect(send(`http://${host}/`)).rejects.toMatchObject({ code });
});

test("a server that never ends the handshake of TLS", async () => {
  const server = createTcpServer((socket) => {
    socket.on("error", () => undefined).resume();
    open.push({ close: () => socket.destroy() });
  });
  const host = await listen(server, () => undefined);
  const sent = send(`https://${host}/`, {}, { connectMsMax: 50 });
  await expect(sent).rejects.toMatchObject({ code: exchangeFailures.connectTimeout });
});

/** The connection of an answer whose head has come: its patience is cut short only now. */
function socketOf({ body }: HttpAnswer): Socket {
  return (body as IncomingMessage).socket;
}

test("a server that stops in the middle of an answer", async () => {
  const host = await serve((_request, response) => {
    response.writeHead(200, { "content-length": 10 }).write("half");
  });
  const answer = await send(`http://${host}/`);
  const received = buffer(answer.body);
  socketOf(answer).setTimeout(20);
  await expect(received).rejects.toMatchObject({ code: exchangeFailures.bodyTimeout });
});

test("who reads slowly gets the whole answer", async () => {
  const release = Promise.withResolvers<void>();
  const host = await serve((_request, response) => {
    response.writeHead(200, { "content-length": 8 }).write("half");
    void release.promise.then(() => response.end("rest"));
  });
  const answer = await send(`http://${host}/`);
  await expect.poll(() => answer.body.readableLength).toBe(4);
  await once(socketOf(answer).setTimeout(20), "timeout");
  release.resolve();
  expect((await buffer(answer.body)).toString()).toBe("halfrest");
});

test("a signal ends it with its reason, before the answer and in the middle of it", async () => {
  const host = await serve((request, response) => {
    if (request.url === "/half") response.writeHead(200, { "content-length": 10 }).write("half");
  });
  const signal = AbortSignal.timeout(20);
  const refused: unknown = await send(`http://${host}/silent`, { signal }).catch((error) => error);
  expect(refused).toBe(signal.reason);
  const stop = new AbortController();
  const { body } = await send(`http://${host}/half`, { signal: stop.signal });
  stop.abort();
  await expect(buffer(body)).rejects.toThrow(/abort/);
});
