import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { decodeComponent } from "../../runtime/component/decode.ts";
import { wasmApp } from "../whorl-process.ts";
import { variantOf } from "./variants.ts";

const hello = readFileSync(wasmApp("hello-rust/hello.wasm"));

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

test("variants of a component differ, and each is the same every time", () => {
  const digests = Array.from({ length: 50 }, (_, index) => digestOf(variantOf(hello, index)));
  expect(new Set([...digests, digestOf(hello)]).size).toBe(51);
  expect(digestOf(variantOf(hello, 7))).toBe(digests[7]);
});

test("a variant is a component whose core modules compile", () => {
  const { definitions } = decodeComponent(variantOf(hello, 3));
  const modules = definitions.filter((each) => each.kind === "core-module");
  expect(modules.length).toBeGreaterThan(0);
  for (const { module } of modules) expect(WebAssembly.validate(module.bytes)).toBe(true);
});

test("what is no component is refused", () => {
  expect(() => variantOf(new Uint8Array(8), 0)).toThrow("the component has no core module");
});
