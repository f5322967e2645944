import { connect } from "node:net";
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

const host = "Host: localhost\r\n";

test.each([
  { name: "no HTTP at all", text: "hello\r\n\r\n", status: 400 },
  { name: "TLS to a plain port", text: "\u0016\u0003\u0001\u0002\0\u0001\0", status: 400 },
  { name: "an unknown version", text: `GET / HTTP/9.9\r\n${host}\r\n`, status: 400 },
  { name: "a bad header name", text: `GET / HTTP/1.1\r\n${host}bad name: 1\r\n\r\n`, status: 400 },
  { name: "a NUL in a value", text: `GET / HTTP/1.1\r\n${host}x: a\0b\r\n\r\n`, status: 400 },
  {
    name: "both length and chunks",
    text: `POST /echo HTTP/1.1\r\n${host}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc`,
    status: 400,
  },
  {
    name: "two lengths",
    text: `POST /echo HTTP/1.1\r\n${host}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc`,
    status: 400,
  },
  {
    name: "a header of 200 kB",
    text: `GET / HTTP/1.1\r\n${host}x: ${"a".repeat(200_000)}\r\n\r\n`,
    status: 431,
  },
])("$name is refused with $status", async ({ text, status }) => {
  const answer = await rawRequest(whorl.port, text);
  expect(answer.split(" ", 2)).toEqual(["HTTP/1.1", String(status)]);
  const next = await fetch(whorl.url);
  expect([next.status, await next.text()]).toEqual([200, "Hello from Whorl\n"]);
});

test("a header of 60 kB reaches the guest", async () => {
  const value = "a".repeat(60_000);
  const response = await fetch(`${whorl.url}/headers`, { headers: { "x-long": value } });
  expect(await response.text()).toContain(`x-long: ${value}\n`);
});

test("a body that ends too early does not stop the server", async () => {
  const request = `POST /echo HTTP/1.1\r\n${host}Content-Length: 10\r\nConnection: close\r\n\r\nabc`;
  const socket = connect(whorl.port, "127.0.0.1");
  await new Promise<void>((resolve) => socket.end(request, resolve));
  socket.on("error", () => undefined).resume();
  await new Promise((resolve) => socket.once("close", resolve));
  expect((await fetch(whorl.url)).status).toBe(200);
});

test.each(["1.0", "1.1"])("HTTP/%s without a Host is dropped, as Spin does", async (version) => {
  const answer = await rawRequest(whorl.port, `GET / HTTP/${version}\r\n\r\n`);
  expect(answer).toBe("");
  expect((await fetch(whorl.url)).status).toBe(200);
});

test("two requests on one connection are answered in order", async () => {
  const first = `GET /count HTTP/1.1\r\n${host}\r\n`;
  const second = `GET /status?code=404 HTTP/1.1\r\n${host}Connection: close\r\n\r\n`;
  const answer = await rawRequest(whorl.port, first + second);
  expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 404"]);
});
