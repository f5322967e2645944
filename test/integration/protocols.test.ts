import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect } from "node:http2";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testCertificate } from "../../runtime/trigger/http/test-certificate.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { wasmApp, WhorlProcess } from "../whorl-process.ts";

const { cert, key } = testCertificate();
const folder = new TemporaryFolder({ "cert.pem": cert, "key.pem": key });
let plain: WhorlProcess;
let tls: WhorlProcess;

beforeAll(async () => {
  const files = ["--tls-cert", folder.file("cert.pem"), "--tls-key", folder.file("key.pem")];
  plain = await WhorlProcess.up(wasmApp("http-rust"));
  tls = await WhorlProcess.up(wasmApp("http-rust"), files);
});

afterAll(async () => {
  await plain[Symbol.asyncDispose]();
  await tls[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function overHttp2(url: string): Promise<readonly [unknown, string]> {
  const session = connect(url, { ca: cert });
  try {
    const stream = session.request({ ":path": "/" });
    const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
    return [headers[":status"], await text(stream)];
  } finally {
    session.close();
  }
}

test("HTTP/2 with prior knowledge is served on the port of HTTP/1.1", async () => {
  expect(await overHttp2(plain.url)).toEqual([200, "Hello from Whorl\n"]);
  expect(await (await fetch(plain.url)).text()).toBe("Hello from Whorl\n");
});

test("TLS serves HTTP/2 and HTTP/1.1", async () => {
  expect(tls.url).toMatch(/^https:/);
  expect(await overHttp2(tls.url)).toEqual([200, "Hello from Whorl\n"]);
  const sent = request(tls.url, { ca: cert, agent: false });
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  expect([response.statusCode, await text(response)]).toEqual([200, "Hello from Whorl\n"]);
});
