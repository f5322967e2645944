import { mkdirSync, rmSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TestFolder } from "../test-folder.ts";
import { KnownLayers } from "./known-layers.ts";

let folder: TestFolder;
let known: KnownLayers;

beforeEach(() => {
  folder = new TestFolder({ "one/a": "", "two/a": "", "upper/a": "", "other/a": "" });
  known = new KnownLayers(2);
});

afterEach(() => folder[Symbol.dispose]());

function app(path: string, ...names: readonly string[]): { path: string; layers: string[] } {
  return { path, layers: names.map((name) => folder.file(name)) };
}

test("the same layers below that of the container", () => {
  known.add(app("/spin.toml", "upper", "one", "two"), "image");
  expect(known.find(app("/spin.toml", "other", "one", "two"))).toBe("image");
  expect(known.find(app("/a.wasm", "upper", "one", "two"))).toBeUndefined();
  expect(known.find(app("/spin.toml", "upper", "two", "one"))).toBeUndefined();
});

test("a layer that was replaced, or is gone", () => {
  known.add(app("/spin.toml", "upper", "one"), "image");
  rmSync(folder.file("one"), { recursive: true });
  expect(known.find(app("/spin.toml", "upper", "one"))).toBeUndefined();
  mkdirSync(folder.file("one"));
  expect(known.find(app("/spin.toml", "upper", "one"))).toBeUndefined();
});

test("a container without an image below it", () => {
  known.add(app("/spin.toml", "upper"), "image");
  expect(known.find(app("/spin.toml", "upper"))).toBeUndefined();
});

test("the oldest one is forgotten", () => {
  for (const path of ["/a", "/b", "/c"]) known.add(app(path, "upper", "one"), path);
  expect(known.find(app("/a", "upper", "one"))).toBeUndefined();
  expect(known.find(app("/c", "upper", "one"))).toBe("/c");
});
