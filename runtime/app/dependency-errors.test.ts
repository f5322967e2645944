import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createManifestDirectory, manifestParts } from "./manifest-directory.ts";
import type { ManifestDirectory } from "./manifest-directory.ts";

const { head, trigger, component } = manifestParts;

let directory: ManifestDirectory;

beforeAll(async () => {
  directory = await createManifestDirectory();
});

afterAll(() => directory[Symbol.asyncDispose]());

/** Lines 1 to 7 are the app, line 8 the header. */
const before = `${head}${trigger}${component}[component.a.dependencies]\n`;
const other = '[component.b]\nsource = "a.wasm"\n';

describe("loadApp refuses dependencies", () => {
  test.each<[name: string, toml: string, line: string]>([
    [
      "with a name that is none",
      '"A:b" = { path = "a.wasm" }\n',
      '9:1: "A:b" is not a dependency; write "ns:package", "ns:package/interface@1.2.3" or the plain name of an import',
    ],
    [
      "with a version that is none",
      '"a:b@1" = { path = "a.wasm" }\n',
      '9:1: "a:b@1" is not a dependency; write "ns:package", "ns:package/interface@1.2.3" or the plain name of an import',
    ],
    [
      "that mean the same import",
      '"a:b" = { path = "a.wasm" }\n"a:b/c@1.0.0" = { path = "a.wasm" }\n',
      '10:1: dependency "a:b/c@1.0.0" conflicts with "a:b"',
    ],
    [
      "that mean compatible versions of one import",
      '"a:b/c@0.2.0" = { path = "a.wasm" }\n"a:b/c@0.2.5" = { path = "a.wasm" }\n',
      '10:1: dependency "a:b/c@0.2.5" conflicts with "a:b/c@0.2.0"',
    ],
    [
      "by a plain name without a package",
      'log = { version = "1" }\n',
      '9:1: dependency "log" must specify a package name',
    ],
    [
      "that choose an export for a whole package",
      '"a:b" = { path = "a.wasm", export = "x" }\n',
      '9:1: using an export to satisfy the package dependency "a:b" is not currently permitted; name the interface: "a:b/interface"',
    ],
    [
      "that are two things at once",
      '"a:b" = { path = "a.wasm", url = "https://x", digest = "d" }\n',
      "9:1: a dependency is one of { path = ... }, { url = ..., digest = ... }, { version = ..., package = ..., registry = ... } and { component = ... }",
    ],
    [
      "that are nothing",
      '"a:b" = {}\n',
      "9:1: a dependency is one of { path = ... }, { url = ..., digest = ... }, { version = ..., package = ..., registry = ... } and { component = ... }",
    ],
    [
      "on a file that is absent",
      '"a:b" = { path = "no.wasm" }\n',
      '9:1: source "no.wasm" does not exist; build it first',
    ],
    [
      "on a component that is absent",
      '"a:b" = { component = "gate2" }\n[component.gate]\nsource = "a.wasm"\n',
      '9:1: dependency ID gate2 does not exist; did you mean "gate"?',
    ],
    [
      "on a component with rights of its own",
      `"a:b" = { component = "b" }\n${other}key_value_stores = ["default"]\nenvironment = { A = "b" }\n`,
      "9:1: Dependencies may not have their own resources or permissions. Component b cannot be used as a dependency of a because it specifies: environment, key_value_stores",
    ],
    [
      "that inherit both ways",
      '"a:b" = { path = "a.wasm", inherit_configuration = true }\n[component.a]\ndependencies_inherit_configuration = false\n',
      '9:1: "dependencies_inherit_configuration" and "inherit_configuration" of a dependency are mutually exclusive; use one or the other',
    ],
    [
      "with an unknown key",
      '"a:b" = { path = "a.wasm", exports = "x" }\n',
      '9:28: unknown key "exports" in [component.a.dependencies.a:b]; did you mean "export"?',
    ],
  ])("%s", async (name, toml, line) => {
    const isInSameTable = name === "that inherit both ways";
    const text = isInSameTable
      ? `${head}${trigger}${component}dependencies_inherit_configuration = false\n[component.a.dependencies]\n${toml.split("[component.a]")[0]}`
      : before + toml;
    const { lines } = await directory.problemsOf(text);
    expect(lines).toEqual([`spin.toml:${isInSameTable ? line.replace("9:1", "8:1") : line}`]);
  });
});

describe("loadApp refuses a profile", () => {
  test("whose overrides have the wrong shape", async () => {
    const toml = `${head}${trigger}${component}[component.a.profile.debug]\nsource = 1\nenvironment = "x"\nfiles = []\n`;
    const { lines } = await directory.problemsOf(toml);
    expect(lines).toEqual([
      "spin.toml:9:10: component.a.profile.debug.source has to be a string or a table, not an integer; put it in quotes",
      "spin.toml:10:15: component.a.profile.debug.environment has to be a table, not a string",
      'spin.toml:11:1: unknown key "files" in [component.a.profile.debug]',
    ]);
  });
});
