import { once } from "node:events";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { askAtConstantRate } from "./constant-rate.ts";
import type { RateResult } from "./constant-rate.ts";

const quickly = { requestsPerSecond: 200, seconds: 0.1, warmUpSeconds: 0.1 };

async function ask(
  answer: RequestListener,
  connections: number,
  rate = quickly,
): Promise<RateResult> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(createServer(answer).listen(0, "127.0.0.1"));
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return await askAtConstantRate({ port, connections, ...rate });
}

test("each request after the first ones counts, once", async () => {
  let asked = 0;
  const result = await ask((_request, response) => {
    asked++;
    response.end("hello");
  }, 4);
  expect(asked).toBe(40);
  expect(result.latenciesMs).toHaveLength(20);
  expect(result.refused).toBe(0);
});

test("a request is asked when it is due, and not when the next one is", async () => {
  const rate = { requestsPerSecond: 0.1, seconds: 10, warmUpSeconds: 0 };
  const { latenciesMs } = await ask((_request, response) => response.end("hello"), 1, rate);
  expect(latenciesMs).toHaveLength(1);
  expect(latenciesMs[0]).toBeLessThan(5_000);
});

test("who waits for a connection waits from when it was due", async () => {
  const holdMs = 100;
  let isFirst = true;
  const { latenciesMs } = await ask((_request, response) => {
    const waitMs = isFirst ? holdMs * 3 : 0;
    isFirst = false;
    setTimeout(() => response.end("hello"), waitMs);
  }, 1);
  // All were due before the first answer came.
  expect(Math.min(...latenciesMs)).toBeGreaterThan(holdMs / 2);
});

test("refusals are counted apart", async () => {
  const { latenciesMs, refused } = await ask(
    (_request, response) => response.writeHead(503).end(),
    4,
  );
  expect([latenciesMs.length, refused]).toEqual([0, 40]);
});

test("a connection that breaks is an error", async () => {
  const asking = ask((request) => request.socket.destroy(), 4);
  await expect(asking).rejects.toThrow(/ended a connection|ECONNRESET|EPIPE/);
});
