import { symlinkSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TestFolder } from "../test-folder.ts";
import { type AppInRootfs, findApp, isWithoutProgram } from "./app-in-rootfs.ts";

let folder: TestFolder;

beforeEach(() => {
  folder = new TestFolder({
    "app/spin.toml": "",
    "app/data.txt": "",
    "ordinary/bin/sh": "",
    "both/spin.toml": "",
    "upper/empty": "",
    "nested/spin.toml/file": "",
  });
  symlinkSync("sh", folder.file("ordinary/bin/ls"));
});

afterEach(() => folder[Symbol.dispose]());

function found(
  args: readonly string[],
  layers: readonly string[],
  annotations: readonly (readonly [string, string])[] = [],
): AppInRootfs | undefined {
  const lowerdir = `lowerdir=${layers.map((name) => folder.file(name)).join(":")}`;
  const options = ["workdir=/w", `upperdir=${folder.file("upper")}`, lowerdir];
  const rootfs = [{ type: "overlay", source: "overlay", options }];
  return findApp({ args, annotations: new Map(annotations) }, rootfs);
}

test.each([
  ["/", ["app"]],
  ["", ["app"]],
  ["/spin.toml", ["app"]],
  ["/data.txt", ["app"]],
  ["bogus-arg", ["app", "ordinary"]],
])("command %j in %j: the manifest", (command, layers) => {
  expect(found([command], layers)).toEqual({ path: "/spin.toml", isThere: true });
});

test("a component is its own app, wherever it is", () => {
  expect(found(["/x/mod.wasm", "arg"], ["ordinary"])).toEqual({
    path: "/x/mod.wasm",
    isThere: false,
  });
  expect(found(["mod.wasm"], ["ordinary"])).toEqual({ path: "/mod.wasm", isThere: false });
});

test.each([
  ["sh", ["ordinary"]],
  ["ls", ["app", "ordinary"]],
  ["/bin/ls", ["app", "ordinary"]],
  ["/", ["nested"]],
])("command %j in %j: an ordinary container", (command, layers) => {
  expect(found([command], layers)).toBeUndefined();
});

test("the pod's own container is always ordinary", () => {
  const sandbox = ["io.kubernetes.cri.container-type", "sandbox"] as const;
  expect(found(["/"], ["app"], [sandbox])).toBeUndefined();
});

test("a folder that is bound is looked into like a layer", () => {
  const rootfs = [{ type: "bind", source: folder.file("app"), options: ["rbind"] }];
  expect(findApp({ args: ["/"], annotations: new Map() }, rootfs)).toEqual({
    path: "/spin.toml",
    isThere: true,
  });
});

test.each([
  ["/", "app", true],
  ["/bin/ls", "ordinary", false],
  ["ls", "ordinary", false],
  ["/bin/none", "ordinary", true],
])("command %j in %j has no program there: %s", (command, layer, expected) => {
  const rootfs = [{ type: "bind", source: folder.file(layer), options: [] }];
  const spec = { args: [command], annotations: new Map<string, string>() };
  expect(isWithoutProgram(spec, rootfs)).toBe(expected);
  const pod = new Map([["io.kubernetes.cri.container-type", "sandbox"]]);
  expect(isWithoutProgram({ ...spec, annotations: pod }, rootfs)).toBe(false);
});
