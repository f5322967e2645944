import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { returnFreedMemory } from "./freed-memory.ts";

interface Report {
  readonly header: { readonly glibcVersionRuntime?: string };
}

const { header } = process.report.getReport() as unknown as Report;
const script = fileURLToPath(new URL("test-freed-memory.ts", import.meta.url));

test.skipIf(header.glibcVersionRuntime === undefined).each([
  // The second one comes of what the first one has freed.
  ["as it is by itself", [true, false, false]],
  ["returned", [true, true, true]],
])("with glibc, large pieces that are mappings of their own, %s", (how, areMapped) => {
  const { stdout, stderr } = spawnSync(process.execPath, [script, how], { encoding: "utf8" });
  expect(stdout, stderr).not.toBe("");
  expect(JSON.parse(stdout)).toEqual(areMapped);
});

test("without node:ffi nothing changes", () => {
  const load = (): never => {
    throw new Error("no such built-in module");
  };
  expect(() => returnFreedMemory(load)()).not.toThrow();
});
