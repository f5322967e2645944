import { expect, test } from "vitest";
import { parseTemplate, resolveTemplate, templateVariables } from "./template.ts";

const values = new Map([
  ["host", "example.com"],
  ["empty", ""],
]);

test.each<[template: string, resolved: string | undefined, names: string[]]>([
  ["", "", []],
  ["plain", "plain", []],
  ["{{host}}", "example.com", ["host"]],
  ["https://{{ host }}:{{ empty }}8", "https://example.com:8", ["host", "empty"]],
  ["a }} b", "a }} b", []],
  ["{ {host} }", "{ {host} }", []],
  ["{{ missing }}", undefined, ["missing"]],
])("template %j resolves to %j", (template, resolved, names) => {
  const parts = parseTemplate(template);
  expect(resolveTemplate(parts, values)).toBe(resolved);
  expect(templateVariables(parts)).toEqual(names);
});

test.each(["{{", "a {{ host", "{{ host }", "{{}}", "{{ Host }}", "{{ a b }}", "{{ a__b }}"])(
  "parseTemplate refuses %j",
  (template) => {
    expect(() => parseTemplate(template)).toThrow(expect.objectContaining({ code: "manifest" }));
  },
);
