import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TemporaryFolder } from "../temporary-folder.ts";
import { runWhorl, wasmApp, WhorlProcess } from "../whorl-process.ts";

const component = readFileSync(wasmApp("hello-rust/hello.wasm"));
const head = '\nspin_manifest_version = 2\n[application]\nname = "x"\n';
const trigger = '[[trigger.http]]\nroute = "/"\ncomponent = "a"\n';

let folder: TemporaryFolder;

beforeAll(() => {
  folder = new TemporaryFolder({
    "text.wasm": "this is text\n",
    "nothing.wasm": "",
    "truncated.wasm": component.subarray(0, component.length / 2),
    "cut-in-the-preamble.wasm": component.subarray(0, 6),
    "core.wasm": Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
    "empty.wasm": Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0),
    "newer.wasm": Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x7f, 0, 1, 0),
    "no-manifest/readme.txt": "nothing to run here\n",
    "not-toml/spin.toml": "spin_manifest_version = \n",
    "old/spin.toml": 'spin_version = "3"\nname = "x"\n',
    "no-name/spin.toml": "spin_manifest_version = 2\n[application]\n",
    "unknown-component/spin.toml": `${head}${trigger}`,
    "no-source/spin.toml": `${head}${trigger}[component.a]\n`,
    "lost-source/spin.toml": `${head}${trigger}[component.a]\nsource = "lost.wasm"\n`,
    "bad-route/spin.toml": `${head}[[trigger.http]]
route = 5
component = "a"
`,
  });
});

afterAll(() => folder[Symbol.dispose]());

test.each([
  ["text.wasm", "not_wasm", /not WebAssembly/],
  ["nothing.wasm", "not_wasm", /not WebAssembly/],
  ["truncated.wasm", "malformed", /byte offset 0x/],
  ["cut-in-the-preamble.wasm", "malformed|not_wasm", /./],
  ["core.wasm", "unsupported", /core module/],
  ["empty.wasm", "no_handler", /wasi:http/],
  ["newer.wasm", "malformed|unsupported|not_wasm", /version|layer/],
  ["missing.wasm", "file", /does not exist/],
  ["no-manifest", "file|manifest", /spin\.toml/],
  ["not-toml", "manifest", /spin\.toml:\d+:\d+: .*TOML/],
  ["old", "manifest|unsupported", /spin_manifest_version|version/],
  ["no-name", "manifest", /name/],
  ["unknown-component", "manifest", /spin\.toml:7:\d+: .*"a"/],
  ["no-source", "manifest", /source/],
  ["lost-source", "manifest|file", /lost\.wasm/],
  ["bad-route", "manifest", /route/],
])("up %s is refused as %s", (name, code, message) => {
  const path = folder.file(name);
  const forPeople = runWhorl(["up", path, "--listen", "127.0.0.1:0"]);
  expect(forPeople).toMatchObject({ status: 1, stdout: "" });
  expect(forPeople.stderr).toMatch(message);
  expect(forPeople.stderr).toMatch(/^error: /);
  // What went wrong, not where in Whorl.
  expect(forPeople.stderr).not.toMatch(/^ +at /m);
  const forPrograms = runWhorl(["up", path, "--listen", "127.0.0.1:0", "--output", "json"]);
  expect(forPrograms).toMatchObject({ status: 1, stderr: "" });
  const event = JSON.parse(forPrograms.stdout) as { event: string; code: string };
  expect(event.event).toBe("error");
  expect(code.split("|")).toContain(event.code);
});

test.each([
  [["up", "--bogus"], /--bogus/],
  [["up", "--listen", "127.0.0.1:99999"], /99999/],
  [["up", "--env", "NAME"], /NAME=VALUE/],
  [["up", "--tls-cert", "cert.pem"], /--tls-key/],
  [["upp"], /upp/],
])("%j is a mistake in the command line", (args, message) => {
  const { status, stderr } = runWhorl(args);
  expect(status).toBe(2);
  expect(stderr).toMatch(message);
});

test("a port in use is refused, or the next free one is taken", async () => {
  await using first = await WhorlProcess.up(wasmApp("hello-rust"));
  const address = `127.0.0.1:${first.port}`;
  const refused = runWhorl(["up", wasmApp("hello-rust"), "--listen", address]);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain(address);
  const arguments_ = ["--listen", address, "--find-free-port"];
  await using second = await WhorlProcess.up(wasmApp("hello-rust"), arguments_);
  expect(second.port).toBeGreaterThan(first.port);
});
