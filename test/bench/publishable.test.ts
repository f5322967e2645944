import { expect, test } from "vitest";
import { publishable } from "./publishable.ts";

test.each([
  { name: "numbers keep five digits", given: 1.446427000002, expected: 1.4464 },
  { name: "whole numbers stay", given: 262_631_424, expected: 262_631_424 },
  {
    name: "a program is its last name",
    given: "taskset -c 0 /opt/project/node_modules/bin/node /opt/project/cli/main.ts up",
    expected: "taskset -c 0 node main.ts up",
  },
  {
    name: "a temporary folder goes",
    given: "wasmtime serve /tmp/bench-a1B2c3/hello.wasm --dir=/tmp/bench-a1B2c3/files",
    expected: "wasmtime serve hello.wasm --dir=files",
  },
  {
    name: "an address stays",
    given: "http://127.0.0.1:8080/a/b and localhost/busybox:1 and 3 req/s",
    expected: "http://127.0.0.1:8080/a/b and localhost/busybox:1 and 3 req/s",
  },
  {
    name: "the machine's name goes",
    given: "served by quiet-box:80",
    expected: "served by HOST:80",
  },
  {
    name: "everything inside",
    given: { raw: [{ ms: [0.123456789, 2] }], noise: undefined, none: null, is: true },
    expected: { raw: [{ ms: [0.12346, 2] }], noise: undefined, none: null, is: true },
  },
])("publishable: $name", ({ given, expected }) => {
  expect(publishable(given, "quiet-box")).toEqual(expected);
});

test("a machine that is called localhost hides nothing", () => {
  expect(publishable("http://localhost/", "localhost")).toBe("http://localhost/");
});
