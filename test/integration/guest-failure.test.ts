import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rawRequest } from "../raw-request.ts";
import { wasmApp, WhorlProcess } from "../whorl-process.ts";

let whorl: WhorlProcess;

beforeAll(async () => {
  whorl = await WhorlProcess.up(wasmApp("http-rust"));
});

afterAll(async () => {
  await whorl[Symbol.asyncDispose]();
});

async function expectHello(): Promise<void> {
  const response = await fetch(whorl.url);
  expect([response.status, await response.text()]).toEqual([200, "Hello from Whorl\n"]);
}

test.each([
  { path: "/trap", reason: /GET \/trap: .*unreachable\n {4}at .+ \(0x[0-9a-f]+\)\n/ },
  { path: "/silent", reason: /GET \/silent: .*without setting a response/ },
  { path: "/exit?code=0", reason: /GET \/exit: .*exit/ },
  { path: "/exit?code=1", reason: /GET \/exit: .*exited with status 1/ },
])("$path is a 500 that says nothing, a line that says why, and harms no other", async (row) => {
  const response = await fetch(whorl.url + row.path);
  expect([response.status, await response.text()]).toEqual([500, ""]);
  await whorl.output("stderr", row.reason);
  await expectHello();
});

test("a trap after the head cuts the body off", async () => {
  const request = "GET /trap-late HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const answer = await rawRequest(whorl.port, request);
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(answer).toContain("The first part of the body\n");
  // The last chunk would tell the client that the body is complete.
  expect(answer).not.toMatch(/\r\n0\r\n/);
  await whorl.output("stderr", /GET \/trap-late: .*unreachable\n {4}at .+ \(0x[0-9a-f]+\)\n/);
  await expectHello();
});

test("a failure in one request leaves those beside it alone", async () => {
  const slow = fetch(`${whorl.url}/sleep?ms=300`);
  const traps = await Promise.all(Array.from({ length: 20 }, () => fetch(`${whorl.url}/trap`)));
  expect(traps.map((response) => response.status)).toEqual(Array.from({ length: 20 }, () => 500));
  const response = await slow;
  expect([response.status, await response.text()]).toEqual([200, "Slept 300 ms\n"]);
});

test("every request gets a fresh instance", async () => {
  const count = async (): Promise<string> => await (await fetch(`${whorl.url}/count`)).text();
  expect([await count(), await count(), await count()]).toEqual(["1\n", "1\n", "1\n"]);
});

test("memory that a guest took is zero again for the next request", async () => {
  for (let round = 0; round < 3; round++) {
    const response = await fetch(`${whorl.url}/memory?mib=64`);
    expect(await response.text()).toBe("zero before: true, last byte: 165\n");
  }
});

test("requests that wait in the guest do so at the same time", async () => {
  const waiting = Array.from({ length: 50 }, () => fetch(`${whorl.url}/sleep?ms=2500`));
  // Answered while the others are asleep.
  const states = waiting.map(() => "waiting");
  waiting.forEach((each, index) => void each.then(() => (states[index] = "answered")));
  await expectHello();
  expect(new Set(states)).toEqual(new Set(["waiting"]));
  const statuses = (await Promise.all(waiting)).map((response) => response.status);
  expect(new Set(statuses)).toEqual(new Set([200]));
});

test("a guest that never returns is stopped, and takes nobody with it", async () => {
  await using limited = await WhorlProcess.up(wasmApp("http-rust"), ["--max-cpu-time", "300ms"]);
  const slow = fetch(`${limited.url}/sleep?ms=3000`);
  const spinning = await fetch(`${limited.url}/spin`);
  expect([spinning.status, await spinning.text()]).toEqual([500, ""]);
  expect(await limited.output("stderr", /GET \/spin: .*CPU/)).not.toBe("");
  expect(await (await fetch(limited.url)).text()).toBe("Hello from Whorl\n");
  expect(await (await slow).text()).toBe("Slept 3000 ms\n");
});

test("a guest that waits for too long is stopped", async () => {
  await using limited = await WhorlProcess.up(wasmApp("http-rust"), ["--request-timeout", "300ms"]);
  const response = await fetch(`${limited.url}/sleep?ms=60000`);
  expect([response.status, await response.text()]).toEqual([504, ""]);
  expect(await (await fetch(limited.url)).text()).toBe("Hello from Whorl\n");
});

test("a body that a guest has passed on and that never ends is given up in time", async () => {
  await using limited = await WhorlProcess.up(wasmApp("http-async-rust"), [
    ...["--request-timeout", "300ms", "--max-instances", "1", "--isolated"],
  ]);
  const sent = request(`${limited.url}/echo`, { method: "POST", agent: false });
  sent.on("error", () => undefined);
  sent.write("never the end");
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  await expect(text(response)).rejects.toThrow("aborted");
  // Its instance is free again.
  expect((await fetch(limited.url)).status).toBe(200);
});

test("a guest gets no more memory than it may have", async () => {
  await using limited = await WhorlProcess.up(wasmApp("http-rust"), [
    ...["--max-instance-memory", "16M"],
  ]);
  expect((await fetch(`${limited.url}/memory?mib=64`)).status).toBe(500);
  expect((await fetch(`${limited.url}/memory?mib=4`)).status).toBe(200);
});

test("requests beyond the instances there may be are told to come again", async () => {
  await using limited = await WhorlProcess.up(wasmApp("http-rust"), ["--max-instances", "2"]);
  const slow = [fetch(`${limited.url}/sleep?ms=2000`), fetch(`${limited.url}/sleep?ms=2000`)];
  await delay(500);
  const refused = await Promise.all(Array.from({ length: 20 }, () => fetch(limited.url)));
  expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 503));
  expect(refused[0]?.headers.get("retry-after")).toBe("1");
  expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([200, 200]);
  expect((await fetch(limited.url)).status).toBe(200);
  await limited.output("stderr", /2 instances of the component are busy.* refused with 503/);
  // One line, however many they are.
  expect(limited.stderr.match(/are busy/g)).toHaveLength(1);
});
