import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Permits } from "../../spin/network/permits.ts";
import { OutboundHttp } from "./outbound-http.ts";

let server: Server;
let connections: number;
/** Requests that are not answered yet, and the most there have been at once. */
let busy: (() => void)[];
let mostBusy: number;

beforeEach(async () => {
  [connections, busy, mostBusy] = [0, [], 0];
  server = createServer((_, response) => {
    busy.push(() => response.end("done"));
    mostBusy = Math.max(mostBusy, busy.length);
  });
  server.on("connection", () => connections++);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(() => server[Symbol.asyncDispose]());

const open = (http: { isPooling?: boolean; connectionsMax?: number }, total?: Permits) =>
  OutboundHttp.open({
    outboundHttp: { isPooling: true, connectionsMax: undefined, ...http },
    clientTls: [],
    policy: { isAddressAllowed: () => true },
    connections: total,
  });

async function ask(http: OutboundHttp, component?: string): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const answer = await http.dispatcher(component).request({ origin, path: "/", method: "GET" });
  return answer.body.text();
}

/** Answers one request after the other until all have been. */
async function answerAll(answers: readonly Promise<string>[]): Promise<void> {
  let isDone = false;
  const all = Promise.all(answers).finally(() => (isDone = true));
  while (!isDone) {
    await new Promise(setImmediate);
    busy.shift()?.();
  }
  await all;
}

describe("connection_pooling", () => {
  const requests = 5;

  test("connections are kept for later requests", async () => {
    await using http = await open({ isPooling: true });
    for (let request = 0; request < requests; request++) await answerAll([ask(http)]);
    expect(connections).toBeLessThan(requests);
  });

  test("without it each request has its own", async () => {
    await using http = await open({ isPooling: false });
    for (let request = 0; request < requests; request++) await answerAll([ask(http)]);
    expect(connections).toBe(requests);
  });
});

describe("max_connections", () => {
  test("who comes later waits, whichever component it is", async () => {
    await using http = await open({ connectionsMax: 2 });
    const answers = ["a", "b", "c", "d", "e"].map((component) => ask(http, component));
    await answerAll(answers);
    expect(await Promise.all(answers)).toEqual(Array(5).fill("done"));
    expect(mostBusy).toBe(2);
  });

  test("the bound over all kinds of connections holds for HTTP too", async () => {
    const total = new Permits(1);
    await using http = await open({}, total);
    const elsewhere = await total.acquire();
    const answer = ask(http);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(connections).toBe(0);
    elsewhere();
    await answerAll([answer]);
    expect(await answer).toBe("done");
  });

  test("a request that fails gives its turn to the next", async () => {
    await using http = await open({ connectionsMax: 1 });
    const refused = http
      .dispatcher("a")
      .request({ origin: "http://127.0.0.1:1", path: "/", method: "GET" });
    await expect(refused).rejects.toThrow("ECONNREFUSED");
    await answerAll([ask(http)]);
    expect(mostBusy).toBe(1);
  });
});
