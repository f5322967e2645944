import { expect, test } from "vitest";
import { isReached } from "./report.ts";
import { type JudgedComponent, verdictsOn } from "./engine-verdicts.ts";

const measured: JudgedComponent = {
  component: "hello-typescript/dist/hello.wasm",
  engine: { isolation: { p50: 42, p99: 113 }, firstCall: { p50: 3_474, p99: 4_900 } },
  prepareMs: 230,
  wasmtimeCompileMs: 8_355,
  loads: {
    "whorl up": { requestsPerSecond: 5_700, aloneP50Us: 144 },
    "wasmtime serve": { requestsPerSecond: 1_300, aloneP50Us: 860 },
  },
};

test("each figure of a component that something is asked of", () => {
  const found = verdictsOn(measured).map((verdict) => [
    verdict.figure.replace(/^[^,]+, /, ""),
    isReached(verdict),
  ]);
  expect(found).toEqual([
    ["requests/s, ours / wasmtime serve", true],
    ["p50 of one connection, ours / wasmtime serve", true],
    ["prepare / wasmtime compile", true],
    ["isolation of a request, p50", true],
    ["first call of a new instance, p50", false],
    ["first call of a new instance, p99", true],
  ]);
});

test.each([
  ["without load and wasmtime", { loads: {}, wasmtimeCompileMs: undefined }, 3],
  ["of a component of which no ratio is asked", { component: "hello-python/dist/app.wasm" }, 3],
  ["of another component", { component: "mine.wasm" }, 0],
])("%s", (_name, other, count) => {
  expect(verdictsOn({ ...measured, ...other })).toHaveLength(count);
});
