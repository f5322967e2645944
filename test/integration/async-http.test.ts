import { once } from "node:events";
import { createServer, request } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rawRequest } from "../raw-request.ts";
import { wasmApp, WhorlProcess } from "../whorl-process.ts";

const mebibyte = 1024 * 1024;
let whorl: WhorlProcess;
let isolated: WhorlProcess;

beforeAll(async () => {
  whorl = await WhorlProcess.up(wasmApp("http-async-rust"));
  isolated = await WhorlProcess.up(wasmApp("http-async-rust"), ["--isolated"]);
});

afterAll(async () => {
  await whorl[Symbol.asyncDispose]();
  await isolated[Symbol.asyncDispose]();
});

async function get(path: string): Promise<readonly [number, string]> {
  const response = await fetch(whorl.url + path);
  return [response.status, await response.text()];
}

async function expectHello(): Promise<void> {
  expect(await get("/")).toEqual([200, "Hello from Whorl\n"]);
}

describe("a request", () => {
  test("arrives as it was sent", async () => {
    const [, line] = await get("/request?x=1");
    expect(line).toBe(
      "method: Method::Get\nscheme: Some(Scheme::Http)\n" +
        `authority: Some("127.0.0.1:${whorl.port}")\ntarget: Some("/request?x=1")\n`,
    );
  });

  test("has the client's headers and those of Spin", async () => {
    const response = await fetch(`${whorl.url}/headers`, { headers: { "x-a": "1" } });
    const lines = (await response.text()).split("\n");
    expect(lines).toEqual(expect.arrayContaining(["x-a: 1", "spin-path-info: /headers"]));
  });

  test("streams through the guest with back-pressure and flat memory", async () => {
    const before = whorl.memoryBytes("VmRSS");
    const size = 256 * mebibyte;
    const chunk = Buffer.alloc(mebibyte, 7);
    const body = Readable.from(Array.from({ length: size / mebibyte }, () => chunk));
    const response = await fetch(`${whorl.url}/echo`, {
      method: "POST",
      body: Readable.toWeb(body),
      duplex: "half",
    });
    let received = 0;
    for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
      received += part.length;
    }
    expect(received).toBe(size);
    expect(whorl.memoryBytes("VmRSS") - before).toBeLessThan(size / 2);
  });

  test("may have trailers, which the guest passes back", async () => {
    const sent = request(`${whorl.url}/echo`, {
      method: "POST",
      agent: false,
      headers: { trailer: "x-sum", "transfer-encoding": "chunked", te: "trailers" },
    });
    sent.write("content");
    sent.addTrailers({ "x-sum": "42" });
    sent.end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    expect(await text(response)).toBe("content");
    expect(response.trailers).toEqual({ "x-sum": "42" });
  });
});

describe("a response", () => {
  test("of many pieces arrives whole, with its trailers", async () => {
    const sent = request(`${whorl.url}/bytes?n=5000000`, { agent: false });
    sent.end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    expect((await buffer(response)).length).toBe(5_000_000);
    expect(response.trailers).toEqual({ "x-written": "all" });
  });

  test("may begin before the guest is done", async () => {
    expect(await get("/late")).toEqual([200, "Done\n"]);
    expect(await whorl.output("stdout", /written after the response/)).not.toBe("");
  });

  test("may be another server's, handed on", async () => {
    const server = createServer((incoming, outgoing) => {
      outgoing.writeHead(418, { "x-path": incoming.url ?? "" });
      outgoing.end("from elsewhere");
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`${whorl.url}/fetch?url=http://127.0.0.1:${port}/a/b`);
    expect([response.status, await response.text()]).toEqual([418, "from elsewhere"]);
    expect(response.headers.get("x-path")).toBe("/a/b");
    server.close();
  });

  test.each([
    ["http://127.0.0.1:1/", "ErrorCode::ConnectionRefused"],
    ["https://example.com/", "ErrorCode::HttpRequestDenied"],
    ["http://exa mple/", "ErrorCode::HttpRequestUriInvalid"],
  ])("tells why %s cannot be asked", async (url, error) => {
    const [, message] = await get(`/fetch?url=${url}`);
    expect(message).toContain(error.split("::")[1]);
  });
});

describe("what goes wrong in a guest", () => {
  test.each([
    ["/trap", /GET \/trap: wasi:http\/handler@0\.3\.0#handle failed: .*unreachable\n {4}at /],
    ["/error", /GET \/error: .*it answered internal-error\(asked to fail\)/],
  ])("%s is a 500 with a line in the log", async (path, reason) => {
    expect(await get(path)).toEqual([500, ""]);
    expect(await whorl.output("stderr", reason)).not.toBe("");
    await expectHello();
  });

  test("after the head cuts the body off", async () => {
    const asked = "GET /trap-late HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const answer = await rawRequest(whorl.port, asked);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).not.toMatch(/\r\n0\r\n/);
    await expectHello();
  });

  test("a client that goes away is noticed and harms nobody", async () => {
    const abort = new AbortController();
    const response = await fetch(`${whorl.url}/bytes?n=1000000000`, { signal: abort.signal });
    expect(response.status).toBe(200);
    abort.abort();
    await expectHello();
  });
});

describe("instances", () => {
  test("answer several requests, also at the same time", async () => {
    const counts = [await get("/count"), await get("/count"), await get("/count")];
    const numbers = counts.map(([, count]) => Number(count));
    expect(numbers[2]).toBe((numbers[0] ?? 0) + 2);
    const slow = Array.from({ length: 10 }, () => get("/sleep?ms=1500"));
    await expectHello();
    const answers = await Promise.all(slow);
    expect(new Set(answers.map(String))).toEqual(new Set(["200,Slept 1500 ms\n"]));
  });

  test("answer one request each with --isolated", async () => {
    for (let round = 0; round < 3; round++) {
      expect(await (await fetch(`${isolated.url}/count`)).text()).toBe("1\n");
    }
    const slow = fetch(`${isolated.url}/sleep?ms=1000`);
    expect(await (await fetch(`${isolated.url}/count`)).text()).toBe("1\n");
    expect((await slow).status).toBe(200);
  });

  test("that trapped serve nobody any more", async () => {
    const before = Number((await get("/count"))[1]);
    expect(before).toBeGreaterThan(0);
    expect((await get("/trap"))[0]).toBe(500);
    expect((await get("/count"))[1]).toBe("1\n");
  });
});

test("2,000 requests leave no memory behind", async () => {
  const run = async (count: number): Promise<void> => {
    for (let sent = 0; sent < count; sent += 20) {
      await Promise.all(Array.from({ length: 20 }, () => get("/")));
    }
  };
  await run(1000);
  const before = whorl.memoryBytes("VmRSS");
  await run(2000);
  expect(whorl.memoryBytes("VmRSS") - before).toBeLessThan(100 * mebibyte);
});
