import { once } from "node:events";
import { describe, expect, test } from "vitest";
import type { HttpTrigger } from "../../app/app.ts";
import type { HeaderList, IncomingExchange } from "../../wasi/http/exchange.ts";
import { answer, echo, RawClient, respond, startServer, withoutDate } from "./test-server.ts";
import type { Guest } from "./test-server.ts";

const get = ["GET / HTTP/1.1", "Host: h", "", ""];

/** What the client gets for one request on a connection that it asks to be closed. */
async function exchangeOf(guest: Guest, ...request: string[]): Promise<string> {
  await using server = await startServer(guest);
  using client = await RawClient.connect(server);
  client.send(...request);
  return withoutDate(await client.untilClosed());
}

/** The request as the guest sees it. */
async function seen(...request: string[]): Promise<IncomingExchange> {
  const exchanges: IncomingExchange[] = [];
  await exchangeOf(async (exchange, sink) => {
    exchanges.push(exchange);
    void exchange.headers;
    respond(sink, "");
  }, ...request);
  return exchanges[0] as IncomingExchange;
}

function text(headers: HeaderList): string[] {
  return headers.map(([name, value]) => `${name}: ${Buffer.from(value).toString("latin1")}`);
}

describe("response bytes", () => {
  async function bytes(guest: Guest, method = "GET"): Promise<string> {
    await using server = await startServer(guest);
    using client = await RawClient.connect(server);
    client.send(`${method} / HTTP/1.1`, "Host: h", "", "");
    client.send("GET /.well-known/spin/health HTTP/1.1", "Host: h", "", "");
    const received = withoutDate(await client.until("OK\0".slice(0, 2) + ""));
    return received.slice(0, received.lastIndexOf("HTTP/1.1 200 OK\r\ncontent-length: 2"));
  }

  test.each<[string, Guest, string, string]>([
    [
      "no length",
      answer("hello", [["content-type", "text/plain"]]),
      "GET",
      "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n" +
        "5\r\nhello\r\n0\r\n\r\n",
    ],
    [
      "length",
      answer("hello", [["content-length", "5"]]),
      "GET",
      "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
    ],
    [
      "duplicates",
      answer("", [["set-cookie", "a"], ["x", "y"], ["set-cookie", "b"], ["content-length", "0"]]),
      "GET",
      "HTTP/1.1 200 OK\r\nset-cookie: a\r\nx: y\r\nset-cookie: b\r\ncontent-length: 0\r\n\r\n",
    ],
    [
      "HEAD",
      answer("hello", [["content-length", "5"]]),
      "HEAD",
      "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n",
    ],
    [
      "connection headers",
      answer("", [["connection", "close"], ["keep-alive", "x"], ["content-length", "0"]]),
      "GET",
      "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    ],
    [
      "204",
      async (_exchange, sink) => {
        sink.head(204, []).write(Buffer.from("dropped"));
        sink.finish([]);
      },
      "GET",
      "HTTP/1.1 204 No Content\r\n\r\n",
    ],
    [
      "304",
      async (_exchange, sink) => {
        sink.head(304, [["etag", Buffer.from("x")]]);
        sink.finish([]);
      },
      "GET",
      "HTTP/1.1 304 Not Modified\r\netag: x\r\n\r\n",
    ],
    [
      "unknown status, bytes above ASCII",
      async (_exchange, sink) => {
        sink.head(299, [["x", Buffer.from([0xe9])], ["content-length", Buffer.from("0")]]);
        sink.finish([]);
      },
      "GET",
      "HTTP/1.1 299 \r\nx: \u00e9\r\ncontent-length: 0\r\n\r\n",
    ],
    [
      "several chunks and trailers",
      async (_exchange, sink) => {
        const output = sink.head(200, []);
        for (const part of ["a", "", "b"]) {
          output.write(Buffer.from(part));
          output.flush();
          await new Promise(setImmediate);
          await new Promise(setImmediate);
        }
        sink.finish([["x-end", Buffer.from("1")], ["x-end", Buffer.from("2")]]);
      },
      "GET",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
        "1\r\na\r\n1\r\nb\r\n0\r\nx-end: 1\r\nx-end: 2\r\n\r\n",
    ],
  ])("%s", async (_name, guest, method, expected) => {
    expect(await bytes(guest, method)).toBe(expected);
  });
});
