import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { PostTarget } from "./post-bodies.ts";
import { PostingThread } from "./posting-thread.ts";
import { startTestCollector } from "./test-collector.ts";

const { signal } = new AbortController();
const text = (of: string): Uint8Array => new TextEncoder().encode(of);
const body = text("spans");
let thread: PostingThread;

beforeEach(() => {
  thread = new PostingThread();
});

afterEach(async () => {
  await thread[Symbol.asyncDispose]();
});

function target(url: string, changed: Partial<PostTarget> = {}): PostTarget {
  const usual = { headers: {}, isGzipped: false, timeoutMs: 5_000, tls: {}, answerBytesMax: 10 };
  return { url, ...usual, ...changed };
}

test("what is posted arrives whole, with its headers, over one connection", async () => {
  const ports = new Set<number | undefined>();
  await using collector = await startTestCollector((response) => {
    ports.add(response.req.socket.remotePort);
    response.writeHead(202, { "content-type": "text/x", "retry-after": "3" }).end("taken");
  });
  const line = thread.line(target(`${collector.url}/v1/traces`, { headers: { "x-key": "a" } }));
  for (let time = 0; time < 3; time++) {
    const outcome = await line.post(body, signal);
    const answer = { status: 202, contentType: "text/x", retryAfter: "3" };
    expect(outcome).toMatchObject({ kind: "answer", ...answer, body: text("taken") });
    expect(outcome.cpuMs).toBeGreaterThan(0);
  }
  expect(ports.size).toBe(1);
  expect(body).toHaveLength(5);
  const [received] = collector.received;
  expect(received?.path).toBe("/v1/traces");
  expect(received?.headers).toMatchObject({ "x-key": "a", "content-length": "5" });
  expect(received?.body.toString()).toBe("spans");
});

test("gzip is that of gzip", async () => {
  await using collector = await startTestCollector();
  const headers = { "content-encoding": "gzip" };
  const line = thread.line(target(collector.url, { isGzipped: true, headers }));
  expect(await line.post(body, signal)).toMatchObject({ kind: "answer", status: 200 });
  expect(collector.received[0]?.headers["content-length"]).toBe(String(gzipSync(body).length));
  expect(collector.received[0]?.body.toString()).toBe("spans");
});

test("an endless answer is not read to its end", async () => {
  await using collector = await startTestCollector((response) => {
    response.write("x".repeat(100));
  });
  const outcome = await thread.line(target(collector.url)).post(body, signal);
  expect(outcome).toMatchObject({ kind: "answer", status: 200, body: text("x".repeat(100)) });
});

test("an answer that begins and does not end is too late as well", async () => {
  await using collector = await startTestCollector((response) => void response.write("x"));
  const outcome = await thread.line(target(collector.url, { timeoutMs: 100 })).post(body, signal);
  expect(outcome).toMatchObject({ kind: "error", message: "no answer within 100 ms" });
});

test.each<[string, Partial<PostTarget>, string]>([
  ["nobody listens", { url: "http://127.0.0.1:1" }, "ECONNREFUSED"],
  ["no answer in time", { timeoutMs: 50 }, "no answer within 50 ms"],
  ["not the protocol", { url: "gopher://127.0.0.1/" }, "gopher"],
  ["a header that breaks lines", { headers: { "x-key": "a\r\nb: c" } }, "Invalid character"],
  ["TLS to who does not speak it", { url: "https" }, "SSL"],
])("%s", async (_, changed, message) => {
  await using collector = await startTestCollector(() => undefined);
  const url = changed.url === "https" ? collector.url.replace("http", "https") : changed.url;
  const line = thread.line(target(collector.url, { ...changed, ...(url && { url }) }));
  const outcome = await line.post(body, signal);
  expect(outcome).toMatchObject({ kind: "error", message: expect.stringContaining(message) });
});

test.each<[string, (response: ServerResponse) => void]>([
  ["before it is answered", () => undefined],
  ["while it is answered", (response) => void response.write("x")],
])("what was given up ends, before it is sent and %s", async (_, answer) => {
  await using collector = await startTestCollector(answer);
  const line = thread.line(target(collector.url));
  expect(await line.post(body, AbortSignal.abort())).toMatchObject({ kind: "error" });
  const impatient = new AbortController();
  const posted = line.post(body, impatient.signal);
  await collector.until(collector.received.length + 1);
  impatient.abort();
  expect(await posted).toMatchObject({ kind: "error", message: "given up" });
});

test("who waits for a thread that has ended is told, and the next one has another", async () => {
  await using collector = await startTestCollector((response, index) => {
    if (index > 0) response.end();
  });
  const line = thread.line(target(collector.url));
  const posted = line.post(body, signal);
  await collector.until(1);
  await thread[Symbol.asyncDispose]();
  expect(await posted).toMatchObject({ kind: "error", message: "given up" });
  expect(await line.post(body, signal)).toMatchObject({ kind: "answer", status: 200 });
});
