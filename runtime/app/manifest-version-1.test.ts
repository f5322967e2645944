import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { App } from "./app.ts";
import { loadApp } from "./load-app.ts";
import { createManifestDirectory } from "./manifest-directory.ts";
import type { ManifestDirectory } from "./manifest-directory.ts";

let directory: ManifestDirectory;

beforeAll(async () => {
  directory = await createManifestDirectory();
});

afterAll(() => directory[Symbol.asyncDispose]());

async function load(toml: string): Promise<App> {
  await writeFile(join(directory.path, "spin.toml"), toml);
  return loadApp(directory.path);
}

const head = `spin_manifest_version = "1"
name = "old"
version = "1.0.0"
description = "An app of Spin 1"
authors = ["A <a@example.com>"]
`;
const http = 'trigger = { type = "http", base = "/" }\n';

describe("manifest version 1", () => {
  test("becomes the same app as version 2", async () => {
    const app = await load(`${head}${http}
[variables]
word = { default = "hi" }
[[component]]
id = "My_Api"
source = "a.wasm"
description = "answers"
key_value_stores = ["default"]
allowed_http_hosts = ["example.com"]
environment = { A = "1" }
files = ["assets/*"]
[component.trigger]
route = "/api/..."
[component.config]
greeting = "{{ word }} there"
[component.build]
command = "make"
`);
    expect(app).toMatchObject({ name: "old", version: "1.0.0", warnings: [] });
    expect(app.httpTriggers).toEqual([
      {
        id: "trigger-my-api",
        route: "/api/...",
        origin: expect.stringMatching(/spin\.toml:19:9$/),
        target: { kind: "component", component: "my-api" },
      },
    ]);
    expect(app.components.get("my-api")).toMatchObject({
      id: "my-api",
      sourcePath: join(directory.path, "a.wasm"),
      environment: [["A", "1"]],
      keyValueStores: ["default"],
      variables: new Map([["greeting", "{{ word }} there"]]),
      allowedOutboundHosts: [
        "redis://*:*",
        "mysql://*:*",
        "postgres://*:*",
        "http://example.com",
        "https://example.com",
      ],
    });
  });

  test("with spin_version, and hosts that are said", async () => {
    const app = await load(`spin_version = "1"
name = "x"
${http}[[component]]
id = "a"
source = "a.wasm"
allowed_outbound_hosts = ["https://example.com"]
[component.trigger]
route = "/"
executor = { type = "wagi", argv = "x" }
`);
    expect(app.components.get("a")?.allowedOutboundHosts).toEqual(["https://example.com"]);
    expect(app.httpTriggers[0]?.target).toEqual({
      kind: "component",
      component: "a",
      wagi: { argv: "x" },
    });
  });

  test("with redis", async () => {
    const app = await load(`${head}trigger = { type = "redis", address = "redis://r:1" }
[[component]]
id = "a"
source = "a.wasm"
[component.trigger]
channel = "c"
`);
    expect(app.eventTriggers).toEqual([
      { kind: "redis", id: "trigger-a", component: "a", address: "redis://r:1", channel: "c" },
    ]);
  });
});

describe("manifest version 1 is refused", () => {
  const component = '[[component]]\nid = "a"\nsource = "a.wasm"\ntrigger.route = "/"\n';

  test.each<[name: string, toml: string, line: string]>([
    [
      "without a trigger",
      `${head}${component}`,
      '1:1: missing key "trigger" with a type; write trigger = { type = "http" }',
    ],
    [
      "with an unknown type",
      `${head}trigger = { type = "kafka" }\n${component}`,
      '6:1: trigger type "kafka" is not supported; http, redis, mqtt, sqs, cron, command are',
    ],
    [
      "without an id",
      `${head}${http}${component}[[component]]\nsource = "a.wasm"\n`,
      '11:1: missing key "id" in [[component]]',
    ],
    [
      "with an id twice",
      `${head}${http}${component}${component.replace('"/"', '"/b"')}`,
      '11:1: a component with the id "a" exists already',
    ],
    [
      "with an unknown key",
      `${head}${http}${component}alowed_http_hosts = []\n`,
      '11:1: unknown key "alowed_http_hosts" in [component.a]; did you mean "allowed_http_hosts"?',
    ],
    [
      "with an unknown key at the top",
      `colour = 1\n${head}${http}${component}`,
      '1:1: unknown key "colour" at the top level',
    ],
  ])("%s", async (_name, toml, line) => {
    const { lines } = await directory.problemsOf(toml);
    expect(lines).toContain(`spin.toml:${line}`);
  });
});
