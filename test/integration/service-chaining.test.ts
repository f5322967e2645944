import { afterAll, beforeAll, expect, test } from "vitest";
import { rawRequest } from "../raw-request.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { wasmApp, WhorlProcess } from "../whorl-process.ts";

const source = wasmApp("http-rust/http.wasm");
const manifest = `
spin_manifest_version = 2
[application]
name = "chain"

[[trigger.http]]
route = "/..."
component = "front"

[[trigger.http]]
route = { private = true }
component = "behind"

[component.front]
source = "${source}"
allowed_outbound_hosts = ["http://*.spin.internal", "http://nobody.spin.internal"]

[component.behind]
source = "${source}"
environment = { WHERE = "behind" }
`;

let folder: TemporaryFolder;
let whorl: WhorlProcess;

beforeAll(async () => {
  folder = new TemporaryFolder({ "spin.toml": manifest });
  whorl = await WhorlProcess.up(folder.path);
});

afterAll(async () => {
  await whorl[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** Asks the component in front to ask this. */
async function ask(url: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`${whorl.url}/fetch?url=${url}`);
  return { status: response.status, text: await response.text() };
}

test("a component without a public route answers another one", async () => {
  expect(await ask("http://behind.spin.internal/env")).toEqual({
    status: 200,
    text: "WHERE=behind\n",
  });
});

test("the request arrives as if it had a route of its own", async () => {
  const { text } = await ask("http://behind.spin.internal/request?x=1");
  expect(text).toContain('authority: Some("behind.spin.internal")');
  expect(text).toContain('target: Some("/request?x=1")');
  const headers = (await ask("http://behind.spin.internal/headers")).text.split("\n");
  expect(headers).toEqual(
    expect.arrayContaining([
      "spin-path-info: /headers",
      "spin-full-url: http://behind.spin.internal/headers",
      "spin-matched-route: /...",
      "spin-component-route: ",
      "spin-client-addr: 0.0.0.0:0",
    ]),
  );
  expect(headers.filter((line) => line.startsWith("host:"))).toEqual([]);
});

test("a large body passes from one instance to the other", async () => {
  const { status, text } = await ask("http://behind.spin.internal/bytes?count=5000000");
  expect([status, text.length]).toEqual([200, 5_000_000]);
});

test("a status is passed on", async () => {
  expect(await ask("http://behind.spin.internal/no-such")).toEqual({
    status: 404,
    text: "No such route\n",
  });
});

test.each([
  ["http://nobody.spin.internal/", /has no component "nobody"/],
  ["http://behind.spin.internal/trap", /component "behind" failed: .*unreachable/],
  ["http://behind.spin.internal/silent", /component "behind" failed: .*without setting a response/],
])("%s is the caller's failure, with the reason in the log", async (url, reason) => {
  expect(await ask(url)).toEqual({ status: 500, text: "" });
  await whorl.output("stderr", reason);
});

test("a body that breaks off breaks off for the caller too", async () => {
  const response = await fetch(`${whorl.url}/fetch?url=http://behind.spin.internal/trap-late`);
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow("terminated");
});

test("a host that is not allowed is refused, component or not", async () => {
  const { status, text } = await ask("https://behind.spin.internal/");
  expect([status, text]).toEqual([502, "ErrorCode::HttpRequestDenied\n"]);
});

test("from outside the name of a component is no way in", async () => {
  const request = "GET /env HTTP/1.1\r\nHost: behind.spin.internal\r\n\r\n";
  expect(await rawRequest(whorl.port, request)).toBe("");
});
