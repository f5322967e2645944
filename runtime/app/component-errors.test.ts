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

describe("loadApp refuses, in a component,", () => {
  test.each<[name: string, code: string, toml: string, line: string]>([
    [
      "an unknown key",
      "manifest",
      "enviroment = {}",
      '8:1: unknown key "enviroment" in [component.a]; did you mean "environment"?',
    ],
    [
      "a number in the environment",
      "manifest",
      "environment = { PORT = 80 }",
      "8:24: component.a.environment.PORT has to be a string, not an integer; put it in quotes",
    ],
    [
      "an impossible variable",
      "manifest",
      'environment = { "a=b" = "" }',
      '8:17: environment variable "a=b" cannot exist; its name needs a character and no "=" or NUL, its value no NUL',
    ],
    [
      "a missing file",
      "file",
      'files = ["assets/x.txt", "nope.txt"]',
      '8:26: "nope.txt" does not exist in the app directory',
    ],
    [
      "a file outside",
      "manifest",
      'files = ["../x"]',
      '8:10: "../x" is outside the app directory; copy it below the directory of the manifest',
    ],
    [
      "a directory as pattern",
      "manifest",
      'files = ["assets/.."]',
      '8:10: file pattern "assets/.." ends in a directory; write { source = "assets/..", destination = "/" } or a pattern like "assets/**/*"',
    ],
    [
      "files without destination",
      "manifest",
      'files = [{ source = "assets" }]',
      '8:10: missing key "destination" in an item of component.a.files',
    ],
    [
      "a destination outside",
      "manifest",
      'files = [{ source = "assets", destination = "/../x" }]',
      '8:10: destination "/../x" has ".." in it; write the path from the guest\'s root, like "/assets"',
    ],
    [
      "a directory for a file",
      "manifest",
      'files = [{ source = "a.wasm", destination = "/x/" }]',
      '8:10: destination "/x/" of a file is a directory; add the file\'s name',
    ],
    [
      "a file below a file",
      "manifest",
      'files = [{ source = "a.wasm", destination = "/x" }, { source = "assets", destination = "/x" }]',
      '8:1: "/x" is a file and the directory of "/x/x.txt"; change a destination',
    ],
    [
      "a bad pattern",
      "manifest",
      'files = ["a**"]',
      '8:10: "a**" in "a**" mixes "**" with other characters; "**" has to stand alone between slashes',
    ],
    [
      "a bad excluding pattern",
      "manifest",
      'files = ["assets/*"]\nexclude_files = ["[a"]',
      '9:18: "[" without "]" in "[a"; close it, or write [[] for the character itself',
    ],
    [
      "a bad host",
      "manifest",
      'allowed_outbound_hosts = ["http://a", "b"]',
      '8:39: allowed outbound host "b" has no scheme; write "scheme://host:port", for example "https://b"',
    ],
    [
      "an unknown variable",
      "manifest",
      'variables = { v = "{{ w }}" }',
      '8:19: unknown variable "w"; declare it in [variables]',
    ],
    [
      "a bad variable name",
      "manifest",
      'variables = { "v-w" = "" }',
      '8:15: "v-w" is not a variable name; use lower-case words joined by "_"',
    ],
    [
      "a bad label",
      "manifest",
      'key_value_stores = ["a b"]',
      '8:21: "a b" in key_value_stores is not a label; use words of letters and digits joined by "-" or "_", like "default"',
    ],
    [
      "dependencies",
      "unsupported",
      'dependencies = { "a:b" = "1" }',
      '8:18: components are not fetched from a registry here; download it and write source = "file.wasm"',
    ],
  ])("%s", async (_name, code, toml, line) => {
    const result = await problemsOf(`${head}${trigger}${component}${toml}\n`);
    expect(result).toEqual({ code, lines: [`spin.toml:${line}`] });
  });

  test.each<[name: string, code: string, toml: string, line: string]>([
    [
      "a missing source",
      "file",
      'source = "b.wasm"',
      '7:10: source "b.wasm" does not exist; build the component first',
    ],
    [
      "a source that was not built",
      "file",
      'source = "b.wasm"\nbuild.command = ["make", "cp x b.wasm"]',
      '7:10: source "b.wasm" does not exist; build it first: make && cp x b.wasm',
    ],
    [
      "a directory",
      "file",
      'source = "assets"',
      '7:10: source "assets" is not a file; name the .wasm file',
    ],
    [
      "a URL",
      "unsupported",
      'source = { url = "x", digest = "y" }',
      '7:10: components are not fetched from a URL here; download it and write source = "file.wasm"',
    ],
    [
      "a package",
      "unsupported",
      'source = { package = "a:b", version = "1" }',
      '7:10: components are not fetched from a registry here; download it and write source = "file.wasm"',
    ],
    [
      "a URL without its digest",
      "manifest",
      'source = { url = "https://x/y.wasm" }',
      "7:10: a source is a path, { url = ..., digest = ... } or { package = ..., version = ..., registry = ... }",
    ],
    [
      "a URL and a package",
      "manifest",
      'source = { url = "https://x/y.wasm", digest = "d", package = "a:b" }',
      "7:10: a source is a path, { url = ..., digest = ... } or { package = ..., version = ..., registry = ... }",
    ],
    ["no source", "manifest", "", '6:1: missing key "source" in [component.a]'],
  ])("%s", async (_name, code, toml, line) => {
    const result = await problemsOf(`${head}${trigger}[component.a]\n${toml}\n`);
    expect(result).toEqual({ code, lines: [`spin.toml:${line}`] });
  });

  test("a bad id", async () => {
    const toml = `${head}${trigger}${component}[component.A_b]\nsource = "a.wasm"\n`;
    expect((await problemsOf(toml)).lines).toEqual([
      'spin.toml:8:12: "A_b" is not a component id; use words of letters and digits joined by "-", all lower or all upper case',
    ]);
  });
});
