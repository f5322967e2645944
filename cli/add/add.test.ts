import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readBuildPlan } from "../../runtime/app/build-plan-file.ts";
import { runCommand } from "../build/command-run.ts";
import { addCommand } from "./add-command.ts";
import { addComponent } from "./add-component.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "whorl-test-"));
});
afterEach(() => rm(directory, { recursive: true }));

const manifest = `# My shop.
spin_manifest_version = 2

[component.web] # the first one
source = "web.wasm"

[application]
  name = "shop"

[[trigger.http]]
component = "web"
route = "/..."
# The end.`;

async function add(text: string, ...args: string[]): Promise<string> {
  await writeFile(join(directory, "spin.toml"), text);
  const run = runCommand((dependencies) => addCommand(dependencies, undefined), args, {
    directory,
  });
  await run.exitCode;
  return await readFile(join(directory, "spin.toml"), "utf8");
}

test("whorl add appends a component and leaves the rest as it is", async () => {
  const changed = await add(manifest, "api", "-t", "http-rust");
  expect(changed.startsWith(`${manifest}\n\n[[trigger.http]]\nroute = "/api/..."\n`)).toBe(true);
  const { components } = await readBuildPlan(join(directory, "spin.toml"));
  expect(components.map(({ id, sourcePath, build }) => [id, sourcePath, build?.workdir])).toEqual([
    ["web", join(directory, "web.wasm"), undefined],
    ["api", join(directory, "api/target/wasm32-wasip2/release/api.wasm"), join(directory, "api")],
  ]);
  expect((await readdir(directory)).toSorted()).toEqual(["api", "spin.toml"]);
  expect((await readdir(join(directory, "api"))).toSorted()).toEqual([
    ".gitignore",
    "Cargo.toml",
    "src",
  ]);
});

test("whorl add adds what all Redis triggers share only once", async () => {
  const once = await add(manifest, "jobs", "-t", "redis-rust", "--value", "redis-channel=jobs");
  const twice = await add(once, "more", "-t", "redis-rust");
  expect(twice.match(/\[application\.trigger\.redis\]/g)).toHaveLength(1);
  expect(twice.match(/\[\[trigger\.redis\]\]/g)).toHaveLength(2);
});

test("whorl add keeps the line breaks of the file", async () => {
  const changed = await add(manifest.replaceAll("\n", "\r\n"), "site", "-t", "static");
  expect(changed.replaceAll("\r\n", "")).not.toContain("\n");
  expect(changed).toContain('source = "site/static-server.wasm"\r\n');
});

describe("whorl add refuses and changes nothing", () => {
  test.each<[args: string[], message: string]>([
    [["web", "-t", "static"], 'spin.toml has a component "web" already'],
    [["x", "-t", "static", "--value", "route=/..."], 'spin.toml:12 has the route "/..." already'],
    [["taken", "-t", "static"], "exists and is not empty"],
    [["x"], "no template is named"],
    [["x", "-t", "static", "-f", "absent"], "does not exist"],
  ])("%j", async (args, message) => {
    await mkdir(join(directory, "taken"));
    await writeFile(join(directory, "taken", "mine"), "");
    await expect(add(manifest, ...args)).rejects.toThrow(message);
    expect(await readFile(join(directory, "spin.toml"), "utf8")).toBe(manifest);
    expect((await readdir(directory)).toSorted()).toEqual(["spin.toml", "taken"]);
  });
});

test.each<[text: string, message: string]>([
  ["[", "spin.toml:1:"],
  ['spin_version = "1"\n', "is not of version 2"],
  [
    'spin_manifest_version = 2\ntrigger = { http = [{ route = "/", component = "a" }] }\n',
    "as one value, to which nothing can be appended",
  ],
])("addComponent refuses %j", (text, message) => {
  const addition = {
    name: "b",
    triggerType: "http",
    route: "/b",
    tables: '[[trigger.http]]\nroute = "/b"\ncomponent = "b"\n[component.b]\nsource = "b"\n',
    applicationTrigger: "",
  };
  expect(() => addComponent({ text, name: "spin.toml" }, addition)).toThrow(message);
});
