import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { limits } from "../../limits.ts";
import { StreamFailure } from "../../wasi/io/streams.ts";
import type { ServerLimits } from "./server-limits.ts";
import { serveHttp } from "./server.ts";
import { answer, echo, RawClient, startServer, withoutDate } from "./test-server.ts";
import type { Guest } from "./test-server.ts";

const get = ["GET / HTTP/1.1", "Host: h", "", ""];

describe("a request that is refused", () => {
  async function answerTo(text: string, limited: Partial<ServerLimits> = {}): Promise<string> {
    await using server = await startServer(answer("reached"), { limits: limited });
    using client = await RawClient.connect(server);
    client.socket.write(text, "latin1");
    const received = await client.untilClosed();
    // The listener has survived.
    using next = await RawClient.connect(server);
    next.send(...get);
    await next.until("reached");
    return received;
  }

  test.each([
    "nonsense\r\n\r\n",
    "GET / HTTP/3.7\r\n\r\n",
    "GET /\r\nHost: h\r\n\r\n",
    "GET / a HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\nbad header: x\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\n folded: x\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\nx: \u0000\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\nx: y\r\nhOST: h\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n",
    "\u0016\u0003\u0001\u0002\u0000\u0001",
    "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
  ])("malformed: %j", async (text) => {
    expect(withoutDate(await answerTo(text)).toLowerCase()).toBe(
      "http/1.1 400 bad request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    );
  });

  test.each([
    `GET / HTTP/1.1\r\nHost: h\r\nx: ${"a".repeat(limits.headersBytesMax)}\r\n\r\n`,
    `GET /${"a".repeat(limits.headersBytesMax)} HTTP/1.1\r\nHost: h\r\n\r\n`,
    `GET / HTTP/1.1\r\n${"a: b\r\n".repeat(limits.headersBytesMax / 2)}\r\n`,
  ])("too long a head (case %#)", async (text) => {
    expect(await answerTo(text)).toMatch(/^HTTP\/1\.1 431 /);
  });

  test.each(["", "GET / HTTP/1.1\r\nHost: h\r\nx: "])("too slow a head: %j", async (text) => {
    expect(await answerTo(text, { requestHeadMsMax: 50 })).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("a slow body is not a slow head", async () => {
    await using server = await startServer(echo, { limits: { requestHeadMsMax: 50 } });
    using client = await RawClient.connect(server);
    client.send("POST / HTTP/1.1", "Host: h", "Content-Length: 2", "", "a");
    await client.until("1\r\na\r\n");
    await new Promise((resolve) => setTimeout(resolve, 200));
    client.send("b");
    expect(await client.until("0\r\n\r\n")).toContain("\r\n1\r\nb\r\n");
  });

  test("an answer under way is not mixed with the refusal of the next request", async () => {
    await using server = await startServer(async (_exchange, sink) => {
      sink.head(200, []).write(Buffer.from("begun"));
      await new Promise(() => {});
    });
    using client = await RawClient.connect(server);
    client.send(...get);
    await client.until("begun");
    client.send("nonsense", "", "");
    expect((await client.untilClosed()).match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  test("connections above the bound are closed", async () => {
    await using server = await startServer(answer("x"), { limits: { connectionsMax: 1 } });
    using first = await RawClient.connect(server);
    first.send(...get);
    await first.until("\r\n\r\nx");
    using second = await RawClient.connect(server);
    expect(await second.untilClosed()).toBe("");
  });

  test("connections without a word make room, the oldest first", async () => {
    await using server = await startServer(answer("x"), { limits: { connectionsMax: 3 } });
    using speaker = await RawClient.connect(server);
    speaker.send(...get);
    await speaker.until("\r\n\r\nx");
    using oldest = await RawClient.connect(server);
    using silent = await RawClient.connect(server);
    using latest = await RawClient.connect(server);
    expect(await oldest.untilClosed()).toBe("");
    latest.send(...get);
    await latest.until("\r\n\r\nx");
    silent.send(...get);
    await silent.until("\r\n\r\nx");
    using refused = await RawClient.connect(server);
    expect(await refused.untilClosed()).toBe("");
  });

  test("an idle connection is closed", async () => {
    await using server = await startServer(answer("x"), { limits: { connectionIdleMsMax: 20 } });
    using client = await RawClient.connect(server);
    client.send(...get);
    expect(await client.untilClosed()).toContain("\r\n\r\nx");
  });
});

describe("a guest that fails", () => {
  const begun: Guest = async (_exchange, sink) => {
    sink.head(200, []).write(Buffer.from("begun"));
  };

  test.each<[string, Guest, string]>([
    ["traps", () => Promise.reject(new Error("boom")), "boom"],
    ["ends without a response", async () => {}, "ended without a response"],
    ["gives up", async (_exchange, sink) => sink.abort("not today"), "not today"],
    ["sends a bad status", async (_exchange, sink) => void sink.head(99, []), "99"],
    [
      "sends a bad header",
      async (_exchange, sink) => void sink.head(204, [["x", Buffer.from("a\nb")]]),
      "not valid HTTP",
    ],
    [
      "sends a bad header name",
      async (_exchange, sink) => void sink.head(200, [["a b", Buffer.from("c")]]),
      "not valid HTTP",
    ],
  ])("%s before the head: 500, and the connection goes on", async (_name, guest, reason) => {
    await using server = await startServer(guest);
    using client = await RawClient.connect(server);
    client.send("GET /secret?x=y HTTP/1.1", "Host: h", "", "");
    client.send("GET /.well-known/spin/health HTTP/1.1", "Connection: close", "", "");
    expect(withoutDate(await client.untilClosed())).toBe(
      "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n" +
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nConnection: close\r\n\r\nOK",
    );
    expect(server.logged).toEqual([expect.stringContaining(reason)]);
    expect(server.logged[0]).toContain('Component "c" failed on GET /secret: ');
  });

  test.each<[string, Guest, string]>([
    [
      "traps",
      async (exchange, sink) => {
        await begun(exchange, sink);
        throw new Error("boom");
      },
      "boom",
    ],
    [
      "gives up and traps",
      async (exchange, sink) => {
        await begun(exchange, sink);
        sink.abort("not today");
        throw new Error("boom");
      },
      "not today",
    ],
    [
      "writes less than its content-length",
      async (_exchange, sink) => {
        sink.head(200, [["content-length", Buffer.from("6")]]).write(Buffer.from("begun"));
        sink.finish([]);
      },
      "1 bytes shorter",
    ],
  ])("%s after the head: the body breaks off", async (_name, guest, reason) => {
    await using server = await startServer(guest);
    using client = await RawClient.connect(server);
    client.send(...get);
    const received = await client.untilClosed();
    expect(received).toContain("begun");
    expect(received).not.toContain("0\r\n\r\n");
    expect(server.logged).toEqual([expect.stringContaining(reason)]);
  });

  test("HTTP/1.0, where the end of the connection ends the body: the connection is reset", async () => {
    await using server = await startServer(async (exchange, sink) => {
      await begun(exchange, sink);
      throw new Error("boom");
    });
    using client = await RawClient.connect(server);
    const failed = once(client.socket, "error");
    client.send("GET / HTTP/1.0", "Host: h", "", "");
    await expect(failed).resolves.toMatchObject([{ code: "ECONNRESET" }]);
  });

  test("writing more than the content-length fails at the guest", async () => {
    const failures: unknown[] = [];
    await using server = await startServer(async (_exchange, sink) => {
      const output = sink.head(200, [["content-length", Buffer.from("2")]]);
      try {
        output.write(Buffer.from("abc"));
      } catch (error) {
        failures.push(error);
      }
      output.write(Buffer.from("ab"));
      sink.finish([]);
    });
    using client = await RawClient.connect(server);
    client.send(...get);
    await client.until("\r\n\r\nab");
    expect(failures).toEqual([expect.any(StreamFailure)]);
  });

  test("a head can be sent only once", async () => {
    await using server = await startServer(async (_exchange, sink) => {
      sink.head(200, []);
      expect(() => sink.head(201, [])).toThrow("a head already");
      sink.finish([]);
    });
    using client = await RawClient.connect(server);
    client.send(...get);
    expect(await client.until("content-length: 0\r\n")).toContain("200 OK");
  });
});

describe("a client that goes away", () => {
  test("mid-body: the guest's read fails, and nothing is logged", async () => {
    const outcome = Promise.withResolvers<unknown>();
    await using server = await startServer(async (exchange, sink) => {
      try {
        for await (const _chunk of exchange.body ?? []);
        outcome.resolve("complete");
      } catch (error) {
        outcome.resolve(error);
      }
      sink.abort("no body");
    });
    using client = await RawClient.connect(server);
    client.send("POST / HTTP/1.1", "Host: h", "Content-Length: 9", "", "abc");
    setTimeout(() => client.socket.destroy(), 10);
    expect(await outcome.promise).toBeInstanceOf(Error);
    expect(server.logged).toEqual([]);
  });

  test.each([false, true])(
    "mid-response (blocked: %s): the guest's write fails",
    async (blocked) => {
      const outcome = Promise.withResolvers<unknown>();
      await using server = await startServer(async (_exchange, sink) => {
        const output = sink.head(200, []);
        try {
          for (;;) {
            while (output.checkWrite() === 0) await output.wait();
            output.write(blocked ? new Uint8Array(65_536) : Buffer.from("tick"));
            if (!blocked) await new Promise((resolve) => setTimeout(resolve, 1));
          }
        } catch (error) {
          outcome.resolve(error);
        }
      });
      using client = await RawClient.connect(server);
      client.send(...get);
      await client.until("\r\n\r\n");
      if (blocked) client.socket.pause();
      setTimeout(() => client.socket.destroy(), 20);
      expect(await outcome.promise).toEqual(StreamFailure.closed());
    },
  );

  test("before the head: the guest finds the stream closed", async () => {
    const started = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    const outcome = Promise.withResolvers<unknown>();
    await using server = await startServer(async (_exchange, sink) => {
      started.resolve();
      await gone.promise;
      const output = sink.head(200, []);
      try {
        for (;;) {
          output.checkWrite();
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      } catch (error) {
        outcome.resolve(error);
      }
      sink.finish([]);
    });
    using client = await RawClient.connect(server);
    client.send(...get);
    await started.promise;
    client.socket.destroy();
    await client.untilClosed();
    gone.resolve();
    expect(await outcome.promise).toEqual(StreamFailure.closed());
    expect(server.logged).toEqual([]);
  });
});

describe("serveHttp", () => {
  const options = {
    app: { name: "a", version: undefined, ociImageDigest: undefined },
    triggers: [],
    executors: new Map(),
    log: { warn: () => {}, error: () => {} },
  };

  test("says where it listens", async () => {
    await using server = await startServer(answer(""));
    const { host, port, url } = server.address;
    expect([host, url]).toEqual(["127.0.0.1", `http://127.0.0.1:${port}`]);
  });

  test("rejects an address that is in use", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    await expect(serveHttp({ ...options, listen: { host: "127.0.0.1", port } })).rejects.toThrow(
      expect.objectContaining({
        code: "listen",
        message: expect.stringContaining(`Cannot listen on 127.0.0.1:${port}: another process`),
      }),
    );
    other.close();
  });

  test("rejects an address that the machine does not have", async () => {
    await expect(serveHttp({ ...options, listen: { host: "192.0.2.1", port: 0 } })).rejects.toThrow(
      expect.objectContaining({ code: "listen" }),
    );
  });

  test("rejects a trigger whose component is missing, and logs unreachable routes", async () => {
    await expect(startServer(answer(""), { executors: new Map() })).rejects.toThrow(
      expect.objectContaining({ code: "no_handler" }),
    );
    const target = { kind: "component", component: "c" } as const;
    const trigger = { id: "a", route: "/a", target };
    await using server = await startServer(answer(""), { triggers: [trigger, trigger] });
    expect(server.logged).toEqual([expect.stringContaining("never used")]);
  });
});
