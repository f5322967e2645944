import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createManifestDirectory, manifestParts } from "./manifest-directory.ts";
import type { ManifestDirectory, ManifestProblemLines } from "./manifest-directory.ts";

const { head, trigger, component } = manifestParts;
let directory: ManifestDirectory;

beforeAll(async () => {
  directory = await createManifestDirectory();
});

afterAll(() => directory[Symbol.asyncDispose]());

function problemsOf(toml: string): Promise<ManifestProblemLines> {
  return directory.problemsOf(toml);
}

describe("loadApp refuses the version", () => {
  test.each<[name: string, toml: string, code: string, line: string]>([
    [
      "that is missing",
      '[application]\nname = "x"',
      "manifest",
      'spin.toml:1:1: missing key "spin_manifest_version"; add "spin_manifest_version = 2" as the first line',
    ],
    [
      "3",
      "spin_manifest_version = 3",
      "manifest",
      'spin.toml:1:25: spin_manifest_version is 3; write "spin_manifest_version = 2"',
    ],
    [
      "2 as a string",
      'spin_manifest_version = "2"',
      "manifest",
      'spin.toml:1:25: spin_manifest_version is "2"; write "spin_manifest_version = 2"',
    ],
  ])("%s", async (_name, toml, code, line) => {
    expect(await problemsOf(toml)).toEqual({ code, lines: [line] });
  });
});

describe("loadApp refuses, in one trigger,", () => {
  test.each<[name: string, toml: string, line: string]>([
    [
      "an unknown key",
      '[[trigger.http]]\n  rout = "/..."\ncomponent = "a"\n',
      '4:3: unknown key "rout" in [[trigger.http]]; did you mean "route"?',
    ],
    [
      "an unknown component",
      '[[trigger.http]]\nroute = "/..."\ncomponent = "aa"\n',
      '5:13: unknown component "aa"; add [component.aa]',
    ],
    [
      "no route",
      '[[trigger.http]]\ncomponent = "a"\n',
      '3:1: missing key "route" in [[trigger.http]]; "/..." takes every request',
    ],
    [
      "no component",
      '[[trigger.http]]\nroute = "/..."\n',
      '3:1: missing key "component" (or "static_response") in [[trigger.http]]',
    ],
    [
      "component and static_response",
      `${trigger}static_response = {}\n`,
      "6:1: a trigger has either a component or a static_response; remove one",
    ],
    [
      "a route that is not private",
      '[[trigger.http]]\nroute = { private = false }\ncomponent = "a"\n',
      '4:9: route = { private = false } says nothing; write a path like "/..." or leave { private = true }',
    ],
    [
      "a route of a wrong type",
      '[[trigger.http]]\nroute = 1\ncomponent = "a"\n',
      "4:9: trigger.http.route has to be a string or a table, not an integer; put it in quotes",
    ],
    [
      "an entry point for WAGI",
      `${trigger}executor = { type = "wagi", entrypoint = "main" }\n`,
      '6:42: the entrypoint of a WAGI program is "_start"; remove the key',
    ],
    [
      "an unknown executor",
      `${trigger}executor.type = "x"\n`,
      '6:17: unknown executor type "x"; use "http" or "wagi"',
    ],
    [
      "an unknown component for a role",
      `${trigger}components = { middle = ["a", "b"] }\n`,
      '6:31: unknown component "b"; add [component.b]',
    ],
    [
      "a role of its dependencies that nobody plays",
      `${trigger}dependencies = { butler = [{ component = "a" }] }\n`,
      '6:18: the HTTP trigger\'s only allowed trigger dependency is "middleware", not "butler"',
    ],
    [
      "middleware before a static response",
      '[[trigger.http]]\nroute = "/"\nstatic_response.body = "x"\ndependencies = { middleware = [{ path = "a.wasm" }] }\n',
      "6:18: middleware stands before a component that answers HTTP, not before this trigger",
    ],
    [
      "an export of middleware",
      `${trigger}dependencies = { middleware = [{ path = "a.wasm", export = "x" }] }\n`,
      '6:51: unknown key "export" in an item of trigger.http.dependencies.middleware',
    ],
    [
      "an impossible status",
      '[[trigger.http]]\nroute = "/"\nstatic_response.status_code = 99\n',
      "5:31: trigger.http.static_response.status_code must be >= 200",
    ],
    [
      "a header with a line break",
      '[[trigger.http]]\nroute = "/"\nstatic_response.headers = { a = "x\\ny" }\n',
      '5:29: bad header: Invalid character in header content ["a"]',
    ],
    [
      "a single table",
      '[trigger.http]\nroute = "/"\n',
      "3:1: trigger.http has to be an array, not a table; write its header as [[...]]",
    ],
    [
      "another type",
      "[[trigger.kafka]]\n",
      '3:1: trigger type "kafka" is not supported; http, redis, mqtt, sqs, cron, command are',
    ],
    [
      "nothing",
      "",
      "1:1: the app has no trigger; add [[trigger.http]] with a route and a component",
    ],
  ])("%s", async (_name, toml, line) => {
    const { lines } = await problemsOf(`${head}${toml}${component}`);
    expect(lines).toEqual([`spin.toml:${line}`]);
  });
});

describe("loadApp refuses two triggers", () => {
  test.each<[name: string, toml: string, line: string]>([
    [
      "with one id",
      '[[trigger.http]]\nid = "t"\nroute = "/a"\ncomponent = "a"\n[[trigger.http]]\nid = "t"\nroute = "/b"\ncomponent = "a"\n',
      '11:6: a trigger with the id "t" exists already; rename one',
    ],
  ])("%s", async (_name, toml, line) => {
    const { lines } = await problemsOf(`${head}${trigger}${toml}${component}`);
    expect(lines).toEqual([`spin.toml:${line}`]);
  });
});

describe("loadApp refuses, around the components,", () => {
  test.each<[name: string, toml: string, line: string]>([
    ["broken TOML", "x = ", "1:5: the TOML is broken: unspecified values are invalid"],
    [
      "a component twice",
      `${head}${component}${component}`,
      '5:12: "[component.a]" defines something a second time; merge the two or rename one',
    ],
    [
      "no application",
      `spin_manifest_version = 2\n${trigger}${component}`,
      '1:1: missing key "application" at the top level',
    ],
    [
      "an unknown table",
      `${head}${trigger}${component}[componet.b]\n`,
      '8:2: unknown key "componet" at the top level; did you mean "component"?',
    ],
    [
      "a misspelled table that is required",
      `spin_manifest_version = 2\n[aplication]\nname = "x"\n${trigger}${component}`,
      '2:2: unknown key "aplication" at the top level; did you mean "application"?',
    ],
    [
      "a name of a wrong type",
      `spin_manifest_version = 2\napplication.name = 1979-05-27\n${trigger}${component}`,
      "2:20: application.name has to be a string, not a date",
    ],
    [
      "a base path",
      `${head}application.trigger.http.base = "/x"\n${trigger}${component}`,
      '3:26: the key "base" is deprecated; put it in front of each route instead',
    ],
    [
      "a variable without value",
      `${head}${trigger}${component}[variables]\nv = { secret = true }\n`,
      '9:1: variable "v" has no default and is not required; add one of them',
    ],
    [
      "a variable with default that is required",
      `${head}${trigger}${component}[variables]\nv = { default = "", required = true }\n`,
      '9:1: variable "v" is required and has a default; keep one of them',
    ],
  ])("%s", async (_name, toml, line) => {
    expect((await problemsOf(toml)).lines).toEqual([`spin.toml:${line}`]);
  });
});

test("loadApp reports everything at once in the order of the file", async () => {
  const toml = `spin_manifest_version = 2
[application]
nam = "x"
[[trigger.kafka]]
[[trigger.http]]
rout = "/"
component = "hello"
[[trigger.http]]
route = "/x"
component = "helo"
[component.hello]
source = 5
[component.other]
source = "other.wasm"
files = ["assets/*", 3]
allowed_outbound_hosts = ["example.com"]
`;
  expect(await problemsOf(toml)).toEqual({
    code: "manifest",
    lines: [
      'spin.toml:3:1: unknown key "nam" in [application]; did you mean "name"?',
      'spin.toml:4:1: trigger type "kafka" is not supported; http, redis, mqtt, sqs, cron, command are',
      'spin.toml:6:1: unknown key "rout" in [[trigger.http]]; did you mean "route"?',
      'spin.toml:10:13: unknown component "helo"; did you mean "hello"?',
      "spin.toml:12:10: component.hello.source has to be a string or a table, not an integer; put it in quotes",
      'spin.toml:14:10: source "other.wasm" does not exist; build the component first',
      "spin.toml:15:22: an item of component.other.files has to be a string or a table, not an integer; put it in quotes",
      'spin.toml:16:27: allowed outbound host "example.com" has no scheme; write "scheme://host:port", for example "https://example.com"',
    ],
  });
});

test("loadApp gives up a manifest with more mistakes than anybody reads", async () => {
  const keys = Array.from({ length: 500 }, (_, index) => `key${index} = 1`).join("\n");
  const { lines } = await problemsOf(`${keys}\n${head}`);
  expect(lines).toHaveLength(500);
});
