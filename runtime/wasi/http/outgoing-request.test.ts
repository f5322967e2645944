import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { limits } from "../../limits.ts";
import { StreamFailure } from "../io/streams.ts";
import type { OutputStream } from "../io/streams.ts";
import type { OutgoingBody } from "./outgoing-body.ts";
import {
  answerOf,
  failureOf,
  Loopback,
  requestOf,
  textOf,
  value,
  writeAll,
} from "./outgoing-fixture.ts";
import { handle } from "./outgoing-handler.ts";
import type { OutgoingRequest } from "./outgoing-request.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);

let net: Loopback;

beforeEach(() => {
  net = new Loopback();
});

afterEach(async () => {
  await net[Symbol.asyncDispose]();
});

describe("the request's body", () => {
  interface Received {
    readonly length: string | undefined;
    readonly encoding: string | undefined;
    readonly text: string;
  }

  interface Collector {
    readonly authority: string;
    readonly arrived: Promise<void>;
    readonly received: Promise<Received>;
  }

  async function collector(): Promise<Collector> {
    const { promise, resolve } = Promise.withResolvers<Received>();
    const arrived = Promise.withResolvers<void>();
    const authority = await net.serve((request, response) => {
      arrived.resolve();
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { "content-length": length, "transfer-encoding": encoding } = request.headers;
        resolve({ length, encoding, text: Buffer.concat(chunks).toString() });
        response.end("thanks");
      });
    });
    return { authority, arrived: arrived.promise, received: promise };
  }

  function open(request: OutgoingRequest): { body: OutgoingBody; stream: OutputStream } {
    const body = value(request.takeBody());
    return { body, stream: value(body.write()) };
  }

  test.each([
    ["of unknown length, in chunks", [], { encoding: "chunked", length: undefined }],
    [
      "of declared length",
      [["content-length", "6"] as const],
      { encoding: undefined, length: "6" },
    ],
  ])("%s", async (_, headers, expected) => {
    const { authority, arrived, received } = await collector();
    const request = requestOf({ authority, method: "POST", headers });
    const { body, stream } = open(request);
    const future = net.start({}, request);
    await writeAll(stream, [bytes("abc")]);
    await arrived;
    await writeAll(stream, [bytes("def")]);
    stream.dispose();
    expect(body.finish(undefined).tag).toBe("ok");
    expect(await received).toEqual({ ...expected, text: "abcdef" });
    expect(await textOf(value(await answerOf(future)))).toBe("thanks");
  });

  test("written before the request is handled", async () => {
    const { authority, received } = await collector();
    const request = requestOf({ authority, method: "POST" });
    const { body, stream } = open(request);
    await writeAll(stream, [bytes("abc")]);
    stream.dispose();
    body.finish(undefined);
    const future = net.start({}, request);
    expect(await received).toMatchObject({ text: "abc" });
    expect((await answerOf(future)).tag).toBe("ok");
  });

  test.each([
    ["GET", undefined],
    ["POST", "0"],
  ])("empty with %s", async (method, length) => {
    const { authority, received } = await collector();
    const request = requestOf({ authority, method });
    const body = value(request.takeBody());
    const future = net.start({}, request);
    body.finish(undefined);
    expect(await received).toEqual({ length, encoding: undefined, text: "" });
    expect((await answerOf(future)).tag).toBe("ok");
  });

  test("dropped before its end aborts the request", async () => {
    const aborted = Promise.withResolvers<string>();
    const authority = await net.serve((request) => {
      request.on("error", (error: NodeJS.ErrnoException) => aborted.resolve(error.code ?? ""));
      request.resume();
    });
    const request = requestOf({ authority, method: "POST" });
    const { body, stream } = open(request);
    const future = net.start({}, request);
    await writeAll(stream, [bytes("abc")]);
    setTimeout(() => body.abort("dropped"), 20);
    expect((await failureOf(future)).tag).toBe("HTTP-protocol-error");
    expect(await aborted.promise).toBe("ECONNRESET");
    expect(() => stream.checkWrite()).toThrow(StreamFailure);
  });

  test("shorter than declared aborts the request", async () => {
    const { authority } = await collector();
    const request = requestOf({ authority, method: "POST", headers: [["content-length", "5"]] });
    const { body, stream } = open(request);
    const future = net.start({}, request);
    await writeAll(stream, [bytes("abc")]);
    stream.dispose();
    expect(body.finish(undefined)).toMatchObject({ val: { tag: "HTTP-request-body-size" } });
    expect((await failureOf(future)).tag).toBe("HTTP-protocol-error");
  });

  test("of declared length that is never made is an error", () => {
    const request = requestOf({ authority: "a", headers: [["content-length", "5"]] });
    expect(handle(net.context(), request, undefined)).toEqual({
      tag: "err",
      val: { tag: "HTTP-request-body-size", val: 0n },
    });
  });

  test("of a request that was never handled is closed with it", () => {
    const request = requestOf({ authority: "a" });
    const { stream } = open(request);
    request.drop();
    expect(() => stream.checkWrite()).toThrow(StreamFailure);
  });

  test("waits while the server does not read", async () => {
    const reading = Promise.withResolvers<IncomingMessage>();
    const authority = await net.serve((request) => reading.resolve(request));
    const request = requestOf({ authority, method: "POST" });
    const { stream } = open(request);
    net.start({}, request);
    let written = 0;
    const chunk = new Uint8Array(64 * 1024);
    const fill = async (): Promise<void> => {
      for (;;) {
        while (stream.checkWrite() === 0) await stream.wait();
        stream.write(chunk);
        written += chunk.length;
      }
    };
    const filling = fill().catch((error: unknown) => error);
    const message = await reading.promise;
    await sleep(100);
    const before = written;
    // What sockets and streams hold; without back-pressure nothing would end the loop above.
    expect(before).toBeLessThan(32 * 1024 * 1024);
    message.on("data", () => {});
    while (written < before + 16 * 1024 * 1024) await sleep(5);
    await net.agent.destroy();
    expect(await filling).toBeInstanceOf(StreamFailure);
  });
});

test("100 MB pass through both directions, of which little waits anywhere", async () => {
  const total = 100 * 1024 * 1024;
  const chunk = Buffer.alloc(64 * 1024, "x");
  const authority = await net.serve((request, response) => request.pipe(response));
  const request = requestOf({ authority, method: "POST" });
  const body = value(request.takeBody());
  const output = value(body.write());
  const future = net.start({}, request);
  let sent = 0;
  const write = async (): Promise<void> => {
    while (sent < total) {
      await writeAll(output, [chunk]);
      sent += chunk.length;
    }
    output.dispose();
    body.finish(undefined);
  };
  const writing = write();
  const input = value(value(value(await answerOf(future)).consume()).stream());
  // Time for the writer to get as far ahead as it can.
  await sleep(100);
  let received = 0;
  let waiting = 0;
  const drain = async (): Promise<void> => {
    for (;;) {
      const part = input.read(limits.streamReadBytesMax);
      waiting = Math.max(waiting, sent - received);
      received += part.length;
      if (part.length === 0) await input.wait();
    }
  };
  const failure = await drain().catch((error: unknown) => error);
  expect((failure as StreamFailure).error.tag).toBe("closed");
  await writing;
  expect(received).toBe(total);
  // Mostly what the kernel's socket buffers hold.
  expect(waiting).toBeLessThan(total / 3);
}, 30_000);
