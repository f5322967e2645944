import { expect, test } from "vitest";
import { isLabel, isVersionSuffixOf, parseExternName, parsePlainName } from "./extern-name.ts";

test.each([
  { text: "a", valid: true },
  { text: "a-b-c", valid: true },
  { text: "a1-2-3", valid: true },
  { text: "A1-2-3", valid: true },
  { text: "m1x3d-4CR0NYMS", valid: true },
  { text: "is-XML", valid: true },
  { text: "", valid: false },
  { text: "1-a", valid: false },
  { text: "a-", valid: false },
  { text: "a--b", valid: false },
  { text: "aB", valid: false },
  { text: "a_b", valid: false },
  { text: "ä", valid: false },
])("isLabel($text) is $valid", ({ text, valid }) => {
  expect(isLabel(text)).toBe(valid);
});

test.each([
  { text: "foo", kind: "plain", key: "foo" },
  { text: "FOO-bar", kind: "plain", key: "foo-bar" },
  { text: "[constructor]FOO", kind: "plain", key: "[constructor]foo" },
  { text: "[method]foo.bar", kind: "plain", key: "foo.bar" },
  { text: "[static]foo.BAR", kind: "plain", key: "foo.bar" },
  { text: "[method]foo.foo", kind: "plain", key: "foo" },
  { text: "wasi:http/types", kind: "interface", key: "wasi:http/types" },
  { text: "wasi:http/TYPES@0.2.3", kind: "interface", key: "wasi:http/types@0.2.3" },
  { text: "wasi:http/handler@0.3.0-rc-2026-03-15", kind: "interface", key: undefined },
  { text: "a:b/c@0.0.0-abcd.1.2+efg.4.ee.5", kind: "interface", key: undefined },
  { text: "wasi:http/types@0.2", kind: "interface", key: undefined },
  { text: "wasi:http/types@1", kind: "interface", key: undefined },
  { text: "url=<https://example.org/a.wasm>", kind: "dependency", key: undefined },
  {
    text: "url=<a>,integrity=<sha256-Zm9v>",
    kind: "dependency",
    key: "url=<a>,integrity=<sha256-Zm9v>",
  },
  { text: "integrity=<sha256-Zm9v>", kind: "dependency", key: undefined },
  { text: "locked-dep=<a:b@1.2.3>", kind: "dependency", key: undefined },
  { text: "locked-dep=<a:b>,integrity=<sha512-Zm9v>", kind: "dependency", key: undefined },
  { text: "unlocked-dep=<a:b@{>=1.2.3 <2.0.0}>", kind: "dependency", key: undefined },
  { text: "unlocked-dep=<a:b@*>", kind: "dependency", key: undefined },
])("parseExternName($text) is $kind", ({ text, kind, key }) => {
  expect(parseExternName(text)).toEqual({ kind, key: key ?? text });
});

test.each([
  "",
  "-",
  "foo.bar",
  "[method]foo",
  "[constructor]foo.bar",
  "[other]foo",
  "foo:bar",
  "foo:bar/",
  "foo:bar:baz/qux",
  "foo:bar/baz/qux",
  "Foo:bar/baz",
  "a:b/c@",
  "a:b/c@1.",
  "a:b/c@01.0.0",
  "a:b/c@2.0.0-",
  "a:b/c@2.0.0-01",
  "a:b/c@2.0x0",
  "url=<a<b>",
  "locked-dep=<a>",
  "unlocked-dep=<a:b@{}>",
  "integrity=<>",
])("parseExternName refuses %j", (text) => {
  expect(parseExternName(text)).toBeUndefined();
});

test("parsePlainName takes annotations apart", () => {
  expect(parsePlainName("[method]a-b.c-d")).toEqual({
    annotation: "method",
    label: "a-b",
    member: "c-d",
  });
});

test.each([
  { suffix: ".3", name: "wasi:http/types@0.2", valid: true },
  { suffix: ".2.3-rc.1", name: "a:b/c@1", valid: true },
  { suffix: "", name: "a:b/c@0.0.1", valid: true },
  { suffix: ".3", name: "a:b/c", valid: false },
  { suffix: "", name: "a:b/c@0.2", valid: false },
  { suffix: "-x", name: "a:b/c@1.2.3", valid: false },
])("version of $name completed by $suffix is $valid", ({ suffix, name, valid }) => {
  expect(isVersionSuffixOf(suffix, name)).toBe(valid);
});
