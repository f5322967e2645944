import { once } from "node:events";
import { describe, expect, test } from "vitest";
import type { HttpTrigger } from "../../app/app.ts";
import type { HeaderList, IncomingExchange } from "../../wasi/http/exchange.ts";
import { answer, echo, RawClient, respond, startServer, withoutDate } from "./test-server.ts";
import type { Guest } from "./test-server.ts";

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
  await exchangeOf(
    async (exchange, sink) => {
      exchanges.push(exchange);
      void exchange.headers;
      respond(sink, "");
    },
    ...request,
  );
  return exchanges[0] as IncomingExchange;
}

function text(headers: HeaderList): string[] {
  return headers.map(([name, value]) => `${name}: ${Buffer.from(value).toString("latin1")}`);
}

const lastResponse = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nConnection: close\r\n\r\nOK";

describe("response bytes", () => {
  async function bytes(guest: Guest, method = "GET"): Promise<string> {
    await using server = await startServer(guest);
    using client = await RawClient.connect(server);
    client.send(`${method} / HTTP/1.1`, "Host: h", "", "");
    client.send("GET /.well-known/spin/health HTTP/1.1", "Connection: close", "", "");
    const received = withoutDate(await client.untilClosed());
    expect(received).toContain(lastResponse);
    return received.slice(0, -lastResponse.length);
  }

  test.each<[string, Guest, string, string]>([
    [
      "no length",
      answer("hello", [["content-type", "text/plain"]]),
      "GET",
      "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello",
    ],
    [
      "length",
      answer("hello", [["content-length", "5"]]),
      "GET",
      "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
    ],
    [
      "duplicates",
      answer("", [
        ["set-cookie", "a"],
        ["x", "y"],
        ["set-cookie", "b"],
        ["content-length", "0"],
      ]),
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
      answer("", [
        ["connection", "close"],
        ["keep-alive", "x"],
        ["content-length", "0"],
      ]),
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
        sink.head(299, [
          ["x", Buffer.from([0xe9])],
          ["content-length", Buffer.from("0")],
        ]);
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
        sink.finish([
          ["x-end", Buffer.from("1")],
          ["x-end", Buffer.from("2")],
        ]);
      },
      "GET",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
        "1\r\na\r\n1\r\nb\r\n0\r\nx-end: 1\r\nx-end: 2\r\n\r\n",
    ],
  ])("%s", async (_name, guest, method, expected) => {
    expect(await bytes(guest, method)).toBe(expected);
  });
});

describe("request", () => {
  test("method, target, headers and client", async () => {
    const exchange = await seen(
      "GET /a%20b?c#d HTTP/1.1",
      "Host: h:1",
      "X-A:  1",
      "x-a: \u00ff",
      "Spin-Path-Info: forged",
      "Connection: close",
      "",
      "",
    );
    expect(exchange).toMatchObject({
      method: "GET",
      scheme: "http",
      authority: "h:1",
      pathWithQuery: "/a%20b?c",
      body: undefined,
    });
    expect(text(exchange.headers)).toEqual([
      "host: h:1",
      "x-a: 1",
      "x-a: \u00ff",
      "spin-path-info: /a%20b",
      "spin-full-url: http://h:1/a%20b?c",
      "spin-matched-route: /...",
      "spin-base-path: /",
      "spin-raw-component-route: /...",
      "spin-component-route: ",
      expect.stringMatching(/^spin-client-addr: 127\.0\.0\.1:\d+$/),
    ]);
  });

  test("keeps more header lines than node:http does by default", async () => {
    const lines = Array.from({ length: 1500 }, (_, index) => `x-${index}: 1`);
    const exchange = await seen("GET / HTTP/1.1", "Host: h", ...lines, "Connection: close", "", "");
    expect(exchange.headers).toHaveLength(1500 + 1 + 7);
  });

  test.each([
    ["GET", [], false],
    ["POST", [], false],
    ["POST", ["Content-Length: 0"], false],
    ["GET", ["Content-Length: 1"], true],
    ["POST", ["Transfer-Encoding: chunked"], true],
  ])("%s with %j has a body: %s", async (method, headers, expected) => {
    const body = expected && headers[0]?.startsWith("T") === true ? "1\r\na\r\n0\r\n\r\n" : "a";
    const exchange = await seen(
      `${method} / HTTP/1.1`,
      "Host: h",
      ...headers,
      "Connection: close",
      "",
      expected ? body : "",
    );
    expect(exchange.body !== undefined).toBe(expected);
  });

  test("body and trailers", async () => {
    const received = await exchangeOf(
      echo,
      "POST / HTTP/1.1",
      "Host: h",
      "Transfer-Encoding: chunked",
      "Connection: close",
      "",
      "3",
      "abc",
      "0",
      "X-End: z",
      "",
      "",
    );
    expect(received).toContain("\r\n3\r\nabc\r\n0\r\nx-end: z\r\n\r\n");
  });

  test("100-continue is sent, other expectations are ignored", async () => {
    const head = ["POST / HTTP/1.1", "Host: h", "Content-Length: 1", "Connection: close"];
    expect(await exchangeOf(echo, ...head, "Expect: 100-continue", "", "a")).toMatch(
      /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/,
    );
    expect(await exchangeOf(echo, ...head, "Expect: x", "", "a")).toMatch(/^HTTP\/1\.1 200 OK/);
  });
});

describe("connection", () => {
  test("without a usable authority is closed without an answer", async () => {
    for (const head of [
      ["GET / HTTP/1.1"],
      ["GET / HTTP/1.0"],
      ["GET / HTTP/1.1", "Host:"],
      ["GET / HTTP/1.1", "Host: a b"],
      ["GET http://a/ HTTP/1.1", "Host: b"],
      ["GET / HTTP/1.1", "Host: c.spin.internal"],
      ["CONNECT a:80 HTTP/1.1", "Host: a:80"],
    ]) {
      expect(await exchangeOf(answer("x"), ...head, "", "")).toBe("");
    }
  });

  test.each([
    ["GET http://a:1/x HTTP/1.1", "Host: A:1"],
    ["GET http://a:1/x HTTP/1.1", "X: y"],
    ["GET http://a:1/x HTTP/1.1", "Host: c.spin.internal"],
  ])("%s, %s: is answered", async (line, header) => {
    const exchange = await seen(line, header, "Connection: close", "", "");
    expect(exchange.authority.toLowerCase()).toBe("a:1");
    expect(exchange.pathWithQuery).toBe("/x");
  });

  test("answers pipelined requests in order", async () => {
    const guest: Guest = async ({ pathWithQuery }, sink) => {
      if (pathWithQuery === "/1") await new Promise((resolve) => setTimeout(resolve, 20));
      respond(sink, pathWithQuery, [["content-length", "2"]]);
    };
    const requests = ["/1", "/2"].flatMap((path) => [`GET ${path} HTTP/1.1`, "Host: h", ""]);
    const received = await exchangeOf(
      guest,
      ...requests,
      "GET /3 HTTP/1.1",
      "Host: h",
      "Connection: close",
      "",
      "",
    );
    expect(received.match(/\r\n\r\n\/./g)).toEqual(["\r\n\r\n/1", "\r\n\r\n/2", "\r\n\r\n/3"]);
  });

  test("is kept for HTTP/1.0 when the client asks, and ends the body otherwise", async () => {
    const close = await exchangeOf(answer("x"), "GET / HTTP/1.0", "Host: h", "", "");
    expect(close).toBe("HTTP/1.1 200 OK\r\ncontent-length: 1\r\nConnection: close\r\n\r\nx");
    await using server = await startServer(answer("x", [["content-length", "1"]]));
    using client = await RawClient.connect(server);
    client.send("GET / HTTP/1.0", "Host: h", "Connection: keep-alive", "", "");
    expect(await client.until("\r\n\r\nx")).toContain("Connection: keep-alive\r\n");
    client.send("GET / HTTP/1.0", "Host: h", "", "");
    expect((await client.untilClosed()).match(/200 OK/g)).toHaveLength(2);
  });

  test("goes on after a body that the guest has not read, or not to its end", async () => {
    const guest: Guest = async (exchange, sink) => {
      if (exchange.pathWithQuery === "/part" && exchange.body !== undefined) {
        exchange.body.on("readable", () => {});
        await once(exchange.body, "readable");
        exchange.body.read(1);
      }
      respond(sink, exchange.pathWithQuery, [["content-length", "5"]]);
    };
    await using server = await startServer(guest);
    using client = await RawClient.connect(server);
    const body = "x".repeat(1_000_000);
    for (const path of ["/none", "/part", "/last"]) {
      client.send(`POST ${path} HTTP/1.1`, "Host: h", `Content-Length: ${body.length}`, "", body);
      expect(await client.until(`\r\n\r\n${path}`)).not.toContain("400");
    }
  });
});

describe("answers without a component", () => {
  const component = { kind: "component", component: "c" } as const;
  const triggers: HttpTrigger[] = [
    { id: "a", route: "/a", target: component },
    { id: "private", route: undefined, target: component },
    {
      id: "static",
      route: "/static/...",
      target: {
        kind: "static",
        status: 302,
        headers: [["Location", "/a"]],
        body: Buffer.from("b"),
      },
    },
  ];

  test.each([
    ["GET", "/b", "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"],
    ["GET", "/private", "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"],
    ["GET", "/.well-known/spin/x", "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"],
    ["GET", "/.well-known/spin/health?a", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK"],
    [
      "GET",
      "/.well-known/spin/info",
      "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n" +
        '{\n  "name": "test"\n}',
    ],
    ["GET", "/static/x", "HTTP/1.1 302 Found\r\nLocation: /a\r\ncontent-length: 1\r\n\r\nb"],
    ["HEAD", "/static", "HTTP/1.1 302 Found\r\nLocation: /a\r\ncontent-length: 1\r\n\r\n"],
  ])("%s %s", async (method, path, expected) => {
    await using server = await startServer(answer("a"), { triggers });
    using client = await RawClient.connect(server);
    client.send(`${method} ${path} HTTP/1.1`, "Host: h", "", "");
    client.send("GET /a HTTP/1.1", "Host: h", "Connection: close", "", "");
    const received = withoutDate(await client.untilClosed());
    expect(received.slice(0, received.lastIndexOf("HTTP/1.1 200 OK\r\n"))).toBe(expected);
  });
});
