import { once } from "node:events";
import { createServer as createHttpServer, request } from "node:http";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { PassThrough, Readable, Writable } from "node:stream";
import { expect, test } from "vitest";
import { limits } from "../../limits.ts";
import { readableInputStream, writableOutputStream } from "./node-streams.ts";
import { waitUntilReady } from "./poll-interface.ts";
import { StreamFailure } from "./streams.ts";
import type { InputStream } from "./streams.ts";

interface SocketPair extends AsyncDisposable {
  readonly near: Socket;
  readonly far: Socket;
}

async function socketPair(): Promise<SocketPair> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const near = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" });
  const [far] = (await once(server, "connection")) as [Socket];
  far.on("error", () => {});
  return {
    near,
    far,
    async [Symbol.asyncDispose]() {
      near.destroy();
      far.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Reads to the end as a guest does; the failure that ended it. */
async function drain(input: InputStream): Promise<{ bytes: Buffer; failure: StreamFailure }> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    try {
      const chunk = input.read(limits.streamReadBytesMax);
      if (chunk.length > 0) chunks.push(chunk);
      else await waitUntilReady(input);
    } catch (error) {
      if (error instanceof StreamFailure) return { bytes: Buffer.concat(chunks), failure: error };
      throw error;
    }
  }
}

function failureOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof StreamFailure) return error.error.tag;
    throw error;
  }
  return "none";
}

test("a large transfer passes through with back-pressure, then the end is closed", async () => {
  await using pair = await socketPair();
  const output = writableOutputStream(pair.near, (writable) => writable.end());
  const received = drain(readableInputStream(pair.far));
  const block = Buffer.alloc(100_000, "x");
  let waits = 0;
  for (let sent = 0; sent < 100;) {
    if (output.checkWrite() === 0) {
      waits += 1;
      await waitUntilReady(output);
    } else {
      output.write(block);
      sent += 1;
    }
  }
  output.dispose();
  const { bytes, failure } = await received;
  expect(bytes.length).toBe(10_000_000);
  expect(failure.error.tag).toBe("closed");
  expect(waits).toBeGreaterThan(0);
});

test("a writer that nobody reads gets no permit and is not ready", async () => {
  await using pair = await socketPair();
  const output = writableOutputStream(pair.near);
  pair.far.pause();
  while (output.checkWrite() > 0) output.write(Buffer.alloc(1_000_000));
  expect(output.isReady()).toBe(false);
  const woken = output.wait();
  pair.far.resume();
  await woken;
  expect(output.isReady()).toBe(true);
});

test("a writer that waits is woken when the peer goes away", async () => {
  await using pair = await socketPair();
  const output = writableOutputStream(pair.near);
  while (output.checkWrite() > 0) output.write(Buffer.alloc(1_000_000));
  pair.far.resetAndDestroy();
  await waitUntilReady(output);
  expect(failureOf(() => output.checkWrite())).toBe("last-operation-failed");
  expect(failureOf(() => output.checkWrite())).toBe("closed");
  expect(failureOf(() => output.write(Buffer.alloc(1)))).toBe("closed");
});

test("a reader that waits is woken by a reset, which is a failure once", async () => {
  await using pair = await socketPair();
  const input = readableInputStream(pair.near);
  expect(input.read(10)).toHaveLength(0);
  const woken = waitUntilReady(input);
  pair.far.resetAndDestroy();
  await woken;
  expect(failureOf(() => input.read(10))).toBe("last-operation-failed");
  expect(failureOf(() => input.read(10))).toBe("closed");
});

const readables: [string, () => Readable, string, string][] = [
  ["bytes then end", () => Readable.from([Buffer.from("ab"), Buffer.from("c")]), "abc", "closed"],
  ["end at once", () => Readable.from([]), "", "closed"],
  [
    "error after bytes",
    () => {
      const source = new PassThrough();
      source.write("ab");
      setImmediate(() => source.destroy(new Error("lost")));
      return source;
    },
    "ab",
    "last-operation-failed",
  ],
  [
    "closed before the end",
    () =>
      new Readable({
        read() {
          setImmediate(() => this.destroy());
        },
      }),
    "",
    "last-operation-failed",
  ],
];

test.each(readables)("input: %s", async (_name, make, text, tag) => {
  const { bytes, failure } = await drain(readableInputStream(make()));
  expect(bytes.toString()).toBe(text);
  expect(failure.error.tag).toBe(tag);
});

test("a read takes at most what is asked for and keeps the rest", async () => {
  const source = new PassThrough();
  source.write("abcdef");
  const input = readableInputStream(source);
  await waitUntilReady(input);
  expect(Buffer.from(input.read(4)).toString()).toBe("abcd");
  expect(input.read(0)).toHaveLength(0);
  expect(Buffer.from(input.read(4)).toString()).toBe("ef");
  expect(input.read(4)).toHaveLength(0);
});

test("nothing is read before the guest asks, and a small write attaches nothing", () => {
  let reads = 0;
  const readable = new Readable({
    read() {
      reads += 1;
    },
  });
  readableInputStream(readable);
  const writable = new Writable({ write: (_chunk, _encoding, done) => done() });
  const output = writableOutputStream(writable);
  output.checkWrite();
  output.write(Buffer.from("hello"));
  output.flush();
  expect(reads).toBe(0);
  expect(readable.listenerCount("readable")).toBe(0);
  expect(writable.listenerCount("drain")).toBe(0);
});

test("dispose detaches, wakes who waits, and leaves the node stream to its owner", async () => {
  const source = new PassThrough();
  const input = readableInputStream(source);
  const woken = input.wait();
  input.dispose();
  await woken;
  expect(source.listenerCount("readable")).toBe(0);
  expect(source.destroyed).toBe(false);
  readableInputStream(source, (readable) => readable.destroy()).dispose();
  expect(source.destroyed).toBe(true);
});

test("output after the end is closed", () => {
  const sink = new PassThrough();
  const output = writableOutputStream(sink);
  sink.end();
  expect(output.isReady()).toBe(true);
  expect(failureOf(() => output.checkWrite())).toBe("closed");
  expect(failureOf(() => output.flush())).toBe("closed");
});

test("an HTTP response whose client leaves is closed for the guest that waits", async () => {
  const outcome = Promise.withResolvers<string>();
  const server = createHttpServer((_request, response) => {
    const output = writableOutputStream(response);
    const answer = async (): Promise<string> => {
      for (;;) {
        const failure = failureOf(() => {
          while (output.checkWrite() > 0) output.write(Buffer.alloc(500_000));
        });
        if (failure !== "none") return failure;
        await waitUntilReady(output);
      }
    };
    answer().then(outcome.resolve, outcome.reject);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = request({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" });
  client.on("error", () => {});
  client.end();
  await once(client, "response");
  client.destroy();
  expect(await outcome.promise).toBe("closed");
  server.close();
});
