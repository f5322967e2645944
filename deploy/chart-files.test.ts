import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { Ajv } from "ajv";
import { chartFiles, chartFolder } from "./chart-files.ts";

const read = (name: string): string => readFileSync(join(chartFolder, name), "utf8");

test.each(Object.entries(chartFiles()))("%s is as its sources make it", (name, text) => {
  expect(read(name), "run npm run manifests").toBe(text);
});

test("the chart has the version of the project", () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  expect(parse(read("Chart.yaml"))).toMatchObject({ version, appVersion: version });
});

test("the default values are as the schema wants them, and it knows each of them", () => {
  const schema = JSON.parse(read("values.schema.json")) as object;
  const check = new Ajv({ strict: false, allErrors: true }).compile(schema);
  check(parse(read("values.yaml")));
  expect(check.errors ?? []).toEqual([]);
});

test("each value has a comment above it, or above what it is part of", () => {
  const lines = read("values.yaml").split("\n");
  const bare = lines.filter((line, index) => {
    const isTop = /^[a-zA-Z]+:/.test(line);
    const above = lines[index - 1] ?? "";
    const below = lines[index + 1] ?? "";
    return isTop && !above.startsWith("#") && !/^ +#/.test(below) && !/^ +\w+:/.test(below);
  });
  expect(bare).toEqual([]);
});

const samples = new URL("samples/", import.meta.url);

test.each(readdirSync(samples))("sample %s says what it shows, in whole objects", (name) => {
  const text = readFileSync(new URL(name, samples), "utf8");
  expect(text).toMatch(/^# [A-Z]/);
  const documents = parseAllDocuments(text);
  expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
  for (const document of documents) {
    expect(document.toJS()).toMatchObject({
      apiVersion: expect.stringMatching(/v\d/) as string,
      kind: expect.stringMatching(/^[A-Z]/) as string,
      metadata: { name: expect.stringMatching(/^[a-z]/) as string },
    });
  }
});
