import { expect, test } from "vitest";
import type { HostInterface } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import type { WasiContext } from "../context.ts";
import { closedContext } from "../io/closed-context.ts";
import { insecure } from "./insecure.ts";
import { insecureSeed } from "./insecure-seed.ts";
import { random } from "./random.ts";

const context = closedContext({
  random: { bytes: (length) => Uint8Array.from({ length }, (_, index) => index + 1) },
});

function call(host: HostInterface<WasiContext>, name: string, ...values: unknown[]): unknown {
  const run = host.functions[name];
  if (run === undefined) throw new Error(`no function ${name}`);
  return run(context, ...values);
}

test.each([
  [random, "get-random-bytes", [3n], Uint8Array.of(1, 2, 3)],
  [random, "get-random-bytes", [0n], new Uint8Array(0)],
  [random, "get-random-u64", [], 0x08_07_06_05_04_03_02_01n],
  [insecure, "get-insecure-random-bytes", [2n], Uint8Array.of(1, 2)],
  [insecure, "get-insecure-random-u64", [], 0x08_07_06_05_04_03_02_01n],
  [insecureSeed, "insecure-seed", [], [0x08_07_06_05_04_03_02_01n, 0x08_07_06_05_04_03_02_01n]],
])("$name %s takes from the context", (host, name, values, expected) => {
  expect(call(host, name, ...values)).toEqual(expected);
});

test.each([
  [random, "get-random-bytes", BigInt(limits.randomBytesMax) + 1n],
  [insecure, "get-insecure-random-bytes", (1n << 64n) - 1n],
])("$name %s beyond the bound traps", (host, name, length) => {
  expect(() => call(host, name, length)).toThrow(expect.objectContaining({ code: "trap" }));
});

test("the host's generator fills every request anew", () => {
  const host = closedContext().random;
  expect(host.bytes(32)).toHaveLength(32);
  expect(host.bytes(32)).not.toEqual(host.bytes(32));
});
