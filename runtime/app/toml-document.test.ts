import { describe, expect, test } from "vitest";
import { nodeAt, parseTomlDocument, PlainToml, TomlSyntaxError } from "./toml-document.ts";

const text = `top = 1
[[trigger.http]]
  route = "/..."
[[trigger.http]]
  executor.type = "http"
[trigger.http.component]
source = "a.wasm"
[component."a b"]
list = [1, { x = true }]
`;

describe("parseTomlDocument", () => {
  const root = parseTomlDocument(text);

  test("gives the data", () => {
    expect(structuredClone(new PlainToml(root).value)).toEqual({
      top: 1,
      trigger: {
        http: [{ route: "/..." }, { executor: { type: "http" }, component: { source: "a.wasm" } }],
      },
      component: { "a b": { list: [1, { x: true }] } },
    });
  });

  test.each<[path: string[], line: number, column: number]>([
    [["top"], 1, 7],
    [["trigger"], 2, 3],
    [["trigger", "http", "0"], 2, 1],
    [["trigger", "http", "0", "route"], 3, 11],
    [["trigger", "http", "1", "executor"], 5, 3],
    [["trigger", "http", "1", "executor", "type"], 5, 19],
    [["trigger", "http", "1", "component"], 6, 1],
    [["component", "a b", "list", "1", "x"], 9, 18],
  ])("knows that %s stands in line %s, column %s", (path, line, column) => {
    expect(nodeAt(root, path)?.position).toEqual({ line, column });
  });

  test("keeps a key that is called like the prototype", () => {
    const { value } = new PlainToml(parseTomlDocument("[__proto__.polluted]\nx = 1"));
    expect(Object.keys(value as object)).toEqual(["__proto__"]);
    expect({}).not.toHaveProperty("polluted");
  });

  test.each<[toml: string, line: number, column: number]>([
    ["a = ", 1, 5],
    ["a = 1\na = 2", 2, 1],
    ["[a]\n[a]", 2, 2],
    ['a = "x', 1, 7],
    ["a", 1, 2],
  ])("refuses %j in line %s, column %s", (toml, line, column) => {
    expect(() => parseTomlDocument(toml)).toThrow(
      expect.objectContaining({ name: "TomlSyntaxError", position: { line, column } }),
    );
    expect(() => parseTomlDocument(toml)).toThrow(TomlSyntaxError);
  });
});
