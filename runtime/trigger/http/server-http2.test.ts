import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect, constants } from "node:http2";
import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { connect as tcpConnect } from "node:net";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import type { HttpTrigger } from "../../app/app.ts";
import type { IncomingExchange } from "../../wasi/http/exchange.ts";
import { headerLines } from "./request-headers.ts";
import type { HttpServer } from "./server.ts";
import { answer, echo, RawClient, respond, startServer } from "./test-server.ts";
import type { Guest } from "./test-server.ts";

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly raw: readonly string[];
  readonly body: string;
  readonly trailers: IncomingHttpHeaders | undefined;
}

class Http2Client implements Disposable {
  readonly session: ClientHttp2Session;

  constructor(server: HttpServer) {
    this.session = connect(server.address.url);
    this.session.on("error", () => {});
  }

  /** Rejects when the server resets the stream. */
  async send(headers: OutgoingHttpHeaders, body?: string): Promise<Answer> {
    const stream = this.session.request(headers, { endStream: body === undefined });
    if (body !== undefined) stream.end(body);
    let trailers: IncomingHttpHeaders | undefined;
    stream.on("trailers", (received: IncomingHttpHeaders) => (trailers = received));
    const [received, , raw] = (await once(stream, "response")) as unknown as [
      IncomingHttpHeaders,
      number,
      string[],
    ];
    return { headers: received, raw, body: await text(stream), trailers };
  }

  [Symbol.dispose](): void {
    this.session.destroy();
  }
}

async function exchangeOf(
  guest: Guest,
  headers: OutgoingHttpHeaders,
  body?: string,
): Promise<Answer> {
  await using server = await startServer(guest);
  using client = new Http2Client(server);
  return await client.send(headers, body);
}

describe("a response over HTTP/2", () => {
  test("carries what the guest has set, and a date", async () => {
    const lines = [
      ["set-cookie", "a"],
      ["age", "1"],
      ["age", "1"],
      ["set-cookie", "b"],
      ["connection", "x"],
      ["keep-alive", "x"],
    ] as const;
    const { raw, body } = await exchangeOf(answer("hello", lines), { ":path": "/" });
    const date = raw.indexOf("date");
    expect(raw.toSpliced(date, 2)).toEqual([
      ":status",
      "200",
      "set-cookie",
      "a",
      "age",
      "1",
      "age",
      "1",
      "set-cookie",
      "b",
      "content-length",
      "5",
    ]);
    expect(body).toBe("hello");
  });

  test("trailers of both sides", async () => {
    await using server = await startServer(echo);
    using client = new Http2Client(server);
    const stream = client.session.request(
      { ":path": "/", ":method": "POST" },
      { waitForTrailers: true },
    );
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-a": ["1", "2"] }));
    const trailers = once(stream, "trailers");
    stream.end("abc");
    expect(await text(stream)).toBe("abc");
    expect((await trailers)[0]).toMatchObject({ "x-a": "1, 2" });
  });

  test("trailers that HTTP/2 forbids are left out, others go whatever they are called", async () => {
    const lines = ["te", "gzip", "connection", "close", "content-length", "9", "constructor", "a"];
    const { trailers } = await exchangeOf(
      async (_exchange, sink) => {
        sink.head(200, []).write(Buffer.from("hello"));
        sink.finish(headerLines(lines));
      },
      { ":path": "/" },
    );
    expect(Object.entries(trailers ?? {})).toEqual([["constructor", "a"]]);
  });

  test("a trailer that is not HTTP resets its stream only", async () => {
    await using server = await startServer(async ({ pathWithQuery }, sink) => {
      sink.head(200, []).write(Buffer.from("hello"));
      sink.finish(pathWithQuery === "/ok" ? [] : [["a b", Buffer.from("x")]]);
    });
    using client = new Http2Client(server);
    await expect(client.send({ ":path": "/" })).rejects.toThrow("NGHTTP2_INTERNAL_ERROR");
    expect(await client.send({ ":path": "/ok" })).toMatchObject({ body: "hello" });
    expect(server.logged.join()).toContain('the trailer "a b" cannot be sent');
  });

  test.each([
    ["HEAD", 200],
    ["GET", 204],
    ["GET", 304],
  ])("%s answered with %d has no body", async (method, status) => {
    const guest: Guest = async (_exchange, sink) => {
      sink.head(status, [["x", Buffer.from("y")]]).write(Buffer.from("dropped"));
      sink.finish([["x", Buffer.from("z")]]);
    };
    const received = await exchangeOf(guest, { ":path": "/", ":method": method });
    expect(received).toMatchObject({ headers: { ":status": status, x: "y" }, body: "" });
  });

  test("a megabyte comes back", async () => {
    const body = "x".repeat(1_000_000);
    const received = await exchangeOf(echo, { ":path": "/", ":method": "POST" }, body);
    expect(received.body.length).toBe(body.length);
  });

  test.each<[string, Guest]>([
    ["traps", () => Promise.reject(new Error("boom"))],
    ["ends without response", async () => {}],
    ["sends a bad status", async (_exchange, sink) => void sink.head(700, [])],
    [
      "sends a bad header",
      async (_exchange, sink) => void sink.head(200, [["a b", Buffer.from("c")]]),
    ],
  ])("500 for a guest that %s", async (_name, guest) => {
    const { headers, body } = await exchangeOf(guest, { ":path": "/" });
    expect(headers).toMatchObject({ ":status": 500, "content-length": "0" });
    expect(body).toBe("");
  });

  test("a guest that fails after the head resets its stream only", async () => {
    await using server = await startServer(async ({ pathWithQuery }, sink) => {
      if (pathWithQuery === "/ok") return respond(sink, "ok");
      sink.head(200, []).write(Buffer.from("begun"));
      throw new Error("boom");
    });
    using client = new Http2Client(server);
    await expect(client.send({ ":path": "/" })).rejects.toThrow("NGHTTP2_INTERNAL_ERROR");
    expect((await client.send({ ":path": "/ok" })).body).toBe("ok");
    expect(server.logged).toEqual([expect.stringContaining("boom")]);
  });
});

describe("a request over HTTP/2", () => {
  test("method, target, headers and client", async () => {
    const exchanges: IncomingExchange[] = [];
    await exchangeOf(
      async (exchange, sink) => {
        exchanges.push(exchange);
        void exchange.headers;
        respond(sink, "");
      },
      { ":path": "/a?b", ":authority": "h:1", ":method": "PUT", "x-a": ["1", "2"], "spin-x": "y" },
    );
    const [exchange] = exchanges;
    expect(exchange).toMatchObject({
      method: "PUT",
      scheme: "http",
      authority: "h:1",
      pathWithQuery: "/a?b",
      body: undefined,
    });
    expect(exchange?.headers.map(([name, value]) => `${name}: ${String(value)}`)).toEqual([
      "x-a: 1",
      "x-a: 2",
      "spin-path-info: /a",
      "spin-full-url: http://h:1/a?b",
      "spin-matched-route: /...",
      "spin-base-path: /",
      "spin-raw-component-route: /...",
      "spin-component-route: ",
      expect.stringMatching(/^spin-client-addr: 127\.0\.0\.1:\d+$/),
    ]);
  });

  test.each([
    [{ ":path": "/", ":authority": "a", host: "b" }],
    [{ ":path": "/", ":authority": "a b" }],
  ])("%j is reset", async (headers) => {
    await expect(exchangeOf(answer(""), headers)).rejects.toThrow("NGHTTP2_PROTOCOL_ERROR");
  });

  test("answers without a component", async () => {
    const triggers: HttpTrigger[] = [
      {
        id: "s",
        route: "/s",
        target: { kind: "static", status: 404, headers: [["x", "y"]], body: Buffer.from("no") },
      },
    ];
    await using server = await startServer(answer(""), { triggers });
    using client = new Http2Client(server);
    const path = (of: string): OutgoingHttpHeaders => ({ ":path": of, ":method": "POST" });
    expect(await client.send(path("/.well-known/spin/health"), "x")).toMatchObject({ body: "OK" });
    expect(await client.send(path("/s"), "x")).toMatchObject({ headers: { x: "y" }, body: "no" });
    expect(await client.send(path("/none"), "x")).toMatchObject({ headers: { ":status": 404 } });
    expect(await client.send({ ":path": "/s", ":method": "HEAD" })).toMatchObject({ body: "" });
  });

  test("100-continue is sent", async () => {
    await using server = await startServer(echo);
    using client = new Http2Client(server);
    const stream = client.session.request({
      ":path": "/",
      ":method": "POST",
      expect: "100-continue",
    });
    await once(stream, "continue");
    stream.end("abc");
    expect(await text(stream)).toBe("abc");
  });

  test("a client that resets its stream closes the guest's", async () => {
    const outcome = Promise.withResolvers<string>();
    await using server = await startServer(async (_exchange, sink) => {
      const output = sink.head(200, []);
      output.write(Buffer.from("begun"));
      try {
        for (;;) {
          output.checkWrite();
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      } catch (error) {
        outcome.resolve(String(error));
      }
    });
    using client = new Http2Client(server);
    const stream = client.session.request({ ":path": "/" });
    await once(stream, "response");
    stream.close(constants.NGHTTP2_CANCEL);
    expect(await outcome.promise).toContain("stream closed");
  });

  test("a client that vanishes closes the guest's stream", async () => {
    const outcome = Promise.withResolvers<unknown>();
    await using server = await startServer(async (exchange, sink) => {
      try {
        for await (const _chunk of exchange.body ?? []);
      } catch (error) {
        outcome.resolve(error);
      }
      sink.abort("no body");
    });
    const socket = tcpConnect(server.address.port, server.address.host);
    const session = connect(server.address.url, { createConnection: () => socket });
    session.on("error", () => {});
    const stream = session.request({ ":path": "/", ":method": "POST" });
    stream.on("error", () => {});
    stream.write("abc", () => socket.destroy());
    expect(await outcome.promise).toBeInstanceOf(Error);
  });

  test.each<[string, Guest]>([
    ["nobody reads", answer("early")],
    [
      "is read in part",
      async (exchange, sink) => {
        if (exchange.body === undefined) return;
        exchange.body.on("readable", () => {});
        await once(exchange.body, "readable");
        exchange.body.read(1);
        respond(sink, "early");
      },
    ],
  ])("a body that %s does not keep its stream open", async (_name, guest) => {
    await using server = await startServer(guest);
    using client = new Http2Client(server);
    const stream = client.session.request({ ":path": "/", ":method": "POST" });
    stream.write(Buffer.alloc(16_384));
    expect(await text(stream)).toBe("early");
    if (!stream.closed) await once(stream, "close");
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
  });
});

describe("prior knowledge on the port of HTTP/1.1", () => {
  test("curl", async () => {
    await using server = await startServer(answer("hello"));
    const args = ["-s", "--noproxy", "*", "--http2-prior-knowledge", "-w", " %{http_version}"];
    const { stdout } = await promisify(execFile)("curl", [...args, `${server.address.url}/`]);
    expect(stdout).toBe("hello 2");
  });

  test("a preface in single bytes", async () => {
    await using server = await startServer(answer("x"));
    using client = await RawClient.connect(server);
    client.socket.setNoDelay(true);
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    for (const byte of [...Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), ...settings]) {
      client.socket.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    const acknowledgement = "\0\0\0\x04\x01\0\0\0\0";
    expect(await client.until(acknowledgement)).not.toContain("HTTP/1.1");
  });

  test("outlives the time that a head of HTTP/1.1 may take", async () => {
    const release = Promise.withResolvers<void>();
    await using server = await startServer(
      async (_exchange, sink) => {
        await release.promise;
        respond(sink, "late");
      },
      { limits: { requestHeadMsMax: 20 } },
    );
    using client = new Http2Client(server);
    const received = client.send({ ":path": "/" });
    using slow = await RawClient.connect(server);
    expect(await slow.untilClosed()).toMatch(/ 408 /);
    release.resolve();
    expect((await received).body).toBe("late");
  });
});
