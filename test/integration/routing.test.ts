import { afterAll, beforeAll, expect, test } from "vitest";
import { TemporaryFolder } from "../temporary-folder.ts";
import { wasmApp, WhorlProcess } from "../whorl-process.ts";

const manifest = `
spin_manifest_version = 2
[application]
name = "routes"

[[trigger.http]]
route = "/request"
component = "exact"

[[trigger.http]]
route = "/deep/..."
component = "deep"

[[trigger.http]]
route = "/users/:id/headers"
component = "parameter"

[[trigger.http]]
id = "teapot"
route = "/teapot"
static_response = { status_code = 418, headers = { x-kind = "static" }, body = "short" }

[component.exact]
source = "${wasmApp("http-rust/http.wasm")}"

[component.deep]
source = "${wasmApp("hello-rust/hello.wasm")}"

[component.parameter]
source = "${wasmApp("http-rust/http.wasm")}"
`;

let folder: TemporaryFolder;
let whorl: WhorlProcess;
let app: WhorlProcess;

beforeAll(async () => {
  folder = new TemporaryFolder({ "spin.toml": manifest });
  whorl = await WhorlProcess.up(folder.path);
  app = await WhorlProcess.up(wasmApp("http-rust"));
});

afterAll(async () => {
  await whorl[Symbol.asyncDispose]();
  await app[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

test.each([
  ["/request", 200, 'target: Some("/request")'],
  ["/request?a=b", 200, 'target: Some("/request?a=b")'],
  ["/request/below", 404, ""],
  ["/deep", 200, "Hello from Whorl"],
  ["/deep/", 200, "Hello from Whorl"],
  ["/deep/er/and/deeper", 200, "Hello from Whorl"],
  ["/deeper", 404, ""],
  // The component routes by the whole path, which is none of its own.
  ["/users/42/headers", 404, "No such route"],
  ["/users//headers", 404, ""],
  ["/teapot", 418, "short"],
  ["/", 404, ""],
])("%s is answered with %i", async (path, status, part) => {
  const response = await fetch(whorl.url + path);
  expect(response.status).toBe(status);
  expect(await response.text()).toContain(part);
});

test("a static response has its headers", async () => {
  const response = await fetch(`${whorl.url}/teapot`);
  expect(response.headers.get("x-kind")).toBe("static");
});

test("a guest sees the request's headers and those of its route", async () => {
  const response = await fetch(`${app.url}/headers?q=1`, {
    headers: { "x-one": "1", "spin-path-info": "forged" },
  });
  const lines = (await response.text()).split("\n");
  expect(lines).toContain("x-one: 1");
  expect(lines).toContain(`spin-full-url: ${app.url}/headers?q=1`);
  expect(lines).toContain("spin-path-info: /headers");
  expect(lines).toContain("spin-matched-route: /...");
  expect(lines).toContain("spin-base-path: /");
  expect(lines).toContain("spin-raw-component-route: /...");
  expect(lines.filter((line) => line.startsWith("spin-path-info:"))).toHaveLength(1);
  expect(lines.some((line) => line.startsWith("spin-client-addr: 127.0.0.1:"))).toBe(true);
});

test.each([
  ["/env", "EMPTY=\nGREETING=hello\n"],
  ["/file?name=mounted/note.txt", "A file of the host.\n"],
  ["/file?name=mounted/../mounted/note.txt", "A file of the host.\n"],
  ["/file?name=../../etc/passwd", "PermissionDenied\n"],
  ["/file?name=http.wasm", "NotFound\n"],
])("%s shows what the manifest gives", async (path, text) => {
  const response = await fetch(app.url + path);
  expect(await response.text()).toBe(text);
});

test("--env adds to the manifest's environment and wins over it", async () => {
  await using other = await WhorlProcess.up(wasmApp("http-rust"), [
    "--env",
    "GREETING=bonjour",
    "-e",
    "EXTRA=a=b",
  ]);
  const response = await fetch(`${other.url}/env`);
  expect(await response.text()).toBe("EMPTY=\nEXTRA=a=b\nGREETING=bonjour\n");
});

test("a guest calls out to allowed hosts only", async () => {
  const allowed = await fetch(`${app.url}/fetch?url=${whorl.url}/teapot`);
  expect([allowed.status, await allowed.text()]).toEqual([418, "short"]);
  const denied = await fetch(`${app.url}/fetch?url=http://192.0.2.1/`);
  expect([denied.status, await denied.text()]).toEqual([502, "ErrorCode::HttpRequestDenied\n"]);
});
