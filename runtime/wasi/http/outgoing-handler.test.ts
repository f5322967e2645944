import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "undici";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { limits } from "../../limits.ts";
import { StreamFailure } from "../io/streams.ts";
import {
  answerOf,
  contentOf,
  failureOf,
  Loopback,
  requestOf,
  textOf,
  value,
} from "./outgoing-fixture.ts";
import { handle } from "./outgoing-handler.ts";

let net: Loopback;

beforeEach(() => {
  net = new Loopback();
});

afterEach(async () => {
  await net[Symbol.asyncDispose]();
});

function echoHead(request: IncomingMessage, response: ServerResponse): void {
  response.end(JSON.stringify([request.method, request.url, request.rawHeaders]));
}

describe("the request", () => {
  test("goes as the guest made it, with the Host of its target", async () => {
    const authority = await net.serve(echoHead);
    const response = await net.responseTo({
      authority,
      path: "/a?b=c",
      headers: [
        ["X-One", "1"],
        ["cookie", "a"],
        ["cookie", "b"],
        ["te", "gzip"],
        ["expect", "100-continue"],
      ],
    });
    expect(response.status).toBe(200);
    const [method, url, headers] = JSON.parse(await textOf(response)) as [string, string, string[]];
    expect([method, url]).toEqual(["GET", "/a?b=c"]);
    expect(headers).toEqual([
      "host",
      authority,
      "connection",
      "keep-alive",
      "x-one",
      "1",
      "cookie",
      "a",
      "cookie",
      "b",
    ]);
  });

  test.each(["PURGE", "DELETE", "OPTIONS", "get"])("method %s", async (method) => {
    const authority = await net.listen(
      createTcpServer((socket) => {
        socket.once("data", (head: Buffer) => {
          const name = head.toString().split(" ")[0] ?? "";
          socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${name.length}\r\n\r\n${name}`);
        });
      }),
    );
    expect(await textOf(await net.responseTo({ authority, method }))).toBe(method);
  });

  test.each([
    ["a relative one", undefined],
    ["self.alt", "self.alt"],
  ])("to the app itself: %s", async (_, authority) => {
    const own = await net.serve(echoHead);
    const asked: unknown[] = [];
    const context = net.context({
      selfOrigin: `http://${own}`,
      isAllowed: (request) => {
        asked.push(request.authority);
        return true;
      },
    });
    const text = await textOf(
      await net.responseTo({
        path: "/x",
        context,
        ...(authority === undefined ? {} : { authority }),
      }),
    );
    expect(JSON.parse(text)).toEqual(["GET", "/x", ["host", own, "connection", "keep-alive"]]);
    expect(asked).toEqual([""]);
  });

  test.each([
    ["denied", { isAllowed: () => false }, "a", "HTTP-request-denied"],
    ["to itself without an origin", {}, "self.alt", "HTTP-request-URI-invalid"],
  ])("%s fails at once, and its body is closed", (_, parts, authority, tag) => {
    const context = net.context(parts);
    const request = requestOf({ authority });
    const stream = value(value(request.takeBody()).write());
    expect(handle(context, request, undefined)).toMatchObject({ tag: "err", val: { tag } });
    expect(() => stream.checkWrite()).toThrow(StreamFailure);
  });
});

describe("errors", () => {
  test("a refused connection", async () => {
    const server = createTcpServer();
    const authority = await net.listen(server);
    await server[Symbol.asyncDispose]();
    const request = requestOf({ authority, method: "POST" });
    const stream = value(value(request.takeBody()).write());
    expect((await failureOf(net.start({}, request))).tag).toBe("connection-refused");
    await stream.wait();
    expect(() => stream.checkWrite()).toThrow(StreamFailure);
  });

  test("a name that does not exist", async () => {
    expect(await failureOf(net.start({ authority: "no-such-host.invalid" }))).toEqual({
      tag: "DNS-error",
      val: { rcode: "address not available", infoCode: 0 },
    });
  });

  test("TLS with a server that speaks none", async () => {
    const authority = await net.listen(createTcpServer((socket) => socket.write("no TLS\r\n")));
    const request = requestOf({ authority });
    request.setScheme({ tag: "HTTPS", val: undefined });
    expect((await failureOf(net.start({}, request))).tag).toBe("TLS-protocol-error");
  });

  test.each([
    ["no HTTP", "what?\r\n\r\n", "HTTP-protocol-error"],
    ["nothing", "", "connection-terminated"],
    [
      "a head above the limit",
      `HTTP/1.1 200 OK\r\nx: ${"a".repeat(20_000)}\r\n\r\n`,
      "HTTP-response-header-section-size",
    ],
  ])("a server that answers %s", async (_, answer, tag) => {
    const authority = await net.listen(
      createTcpServer((socket) => socket.once("data", () => socket.end(answer))),
    );
    expect((await failureOf(net.start({ authority }))).tag).toBe(tag);
  });

  test.each([
    ["of declared length", "content-length: 10\r\n\r\nabc"],
    ["in chunks", "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"],
  ])("a body %s that breaks off", async (_, rest) => {
    const authority = await net.listen(
      createTcpServer((socket) =>
        socket.once("data", () => socket.end(`HTTP/1.1 200 OK\r\n${rest}`)),
      ),
    );
    const body = value((await net.responseTo({ authority })).consume());
    const stream = value(body.stream());
    expect(await contentOf(stream)).toMatch(/^(?:connection-terminated|HTTP-response-incomplete)$/);
    expect(await contentOf(stream)).toBe("");
    stream.dispose();
    const future = body.finish();
    await future.wait();
    expect(value(future.get()).tag).toBe("err");
  });

  const tiny = 30_000_000n;

  test("no connection in time", async () => {
    // One connection whose only slot is taken: the second request has none to be written to.
    await net.agent.destroy();
    net.agent = new Agent({ connections: 1, pipelining: 1 });
    const authority = await net.serve(() => {});
    const first = net.start({ authority });
    const request = requestOf({ authority, method: "POST" });
    const stream = value(value(request.takeBody()).write());
    const second = net.start({ options: { connectTimeout: tiny } }, request);
    expect((await failureOf(second)).tag).toBe("connection-timeout");
    expect(() => stream.checkWrite()).toThrow(StreamFailure);
    first.drop();
  });

  test("no head in time", async () => {
    const future = net.start({
      authority: await net.serve(() => {}),
      options: { firstByteTimeout: tiny },
    });
    expect((await failureOf(future)).tag).toBe("connection-read-timeout");
  });

  test("no byte of the body in time", async () => {
    const authority = await net.serve((_, response) => {
      response.write("abc");
    });
    const response = await net.responseTo({ authority, options: { betweenBytesTimeout: tiny } });
    expect(await textOf(response)).toBe("connection-read-timeout");
  });

  test("a slow reader is no slow server", async () => {
    const size = 4 * limits.outboundBufferBytes;
    const authority = await net.serve((_, response) => response.end(Buffer.alloc(size, "a")));
    const options = { betweenBytesTimeout: 200_000_000n };
    const response = await net.responseTo({ authority, options });
    const stream = value(value(response.consume()).stream());
    await sleep(400);
    expect((await contentOf(stream)).length).toBe(size);
  });

  test.each([
    ["of a duration", "connectTimeout", 1n],
    ["of no duration", "connectTimeout", 0n],
    ["beyond what a timer takes", "connectTimeout", 0xffff_ffff_ffff_ffffn],
  ])("a limit %s is accepted", async (_, name, duration) => {
    const authority = await net.serve((_request, response) => response.end());
    const answer = await answerOf(net.start({ authority, options: { [name]: duration } }));
    expect(["ok", "err"]).toContain(answer.tag);
  });
});
