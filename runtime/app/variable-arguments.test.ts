import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { limits } from "../limits.ts";
import { readVariableArguments } from "./variable-arguments.ts";

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "whorl-variables-"));
  const files = {
    "value.txt": "line 1\nline 2\n",
    "good.json": '{"a": "json", "b": "2"}',
    "good.toml": 'a = "toml"\nc = "3"',
    "list.json": "[]",
    "number.json": '{"a": 1}',
    "broken.json": "{",
    "number.toml": "a = 1",
    "broken.toml": "a",
    "large.txt": "x".repeat(limits.runtimeConfigBytesMax + 1),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test.each([
  [[], []],
  [
    ["a=1", "b=x=y", "c="],
    [
      ["a", "1"],
      ["b", "x=y"],
      ["c", ""],
    ],
  ],
  [["a=@value.txt"], [["a", "line 1\nline 2\n"]]],
  [
    ["@good.json", "@good.toml"],
    [
      ["a", "toml"],
      ["b", "2"],
      ["c", "3"],
    ],
  ],
  [
    ["@good.json", "a=last"],
    [
      ["a", "last"],
      ["b", "2"],
    ],
  ],
])("%j", async (texts, expected) => {
  expect([...(await readVariableArguments(texts, folder))]).toEqual(expected);
});

test.each([
  ["nothing", "usage", "variables must be in the form name=value, name=@file or @file"],
  ["Name=1", "usage", "variable name \"Name\": invalid character 'N'"],
  ["@value.txt", "usage", "variable files must end in .json or .toml"],
  ["a=@missing", "file", "cannot read"],
  ["@missing.json", "file", "cannot read"],
  ["@list.json", "file", "list.json: it has to be an object of names with texts"],
  ["@number.json", "file", 'number.json: the value of "a" has to be a text in quotes'],
  ["@broken.json", "file", "broken.json: "],
  ["@number.toml", "file", 'number.toml: the value of "a" has to be a text in quotes'],
  ["@broken.toml", "file", "broken.toml: the TOML is broken"],
  ["a=@large.txt", "limit", "a file with variables may have"],
])("%s is refused", async (text, code, message) => {
  await expect(readVariableArguments([text], folder)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
  });
});

test("a message has no secret in it", async () => {
  await expect(readVariableArguments(["s3cret"], folder)).rejects.toMatchObject({
    message: expect.not.stringContaining("s3cret"),
  });
});
