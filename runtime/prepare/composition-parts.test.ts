import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Composition, CompositionDependency } from "../component/compose.ts";
import { encode } from "../component/test-wat.ts";
import { compositionDigest, withParts } from "./composition-parts.ts";
import { PrepareCache } from "./prepare-cache.ts";
import { prepareComponent } from "./prepare.ts";

const bytes = new Uint8Array([1]);
const other = new Uint8Array([2]);

const dependency: CompositionDependency = {
  name: "a:b",
  bytes,
  inherit: [],
  dependencies: [],
  export: undefined,
};
const composition: Composition = {
  component: { name: "c", bytes, inherit: "all", dependencies: [dependency] },
  middleware: [],
};

function withDependency(changes: Partial<CompositionDependency>): Composition {
  const { component } = composition;
  return {
    ...composition,
    component: { ...component, dependencies: [{ ...dependency, ...changes }] },
  };
}

describe("compositionDigest", () => {
  test("is the same for the same parts", () => {
    expect(compositionDigest(withDependency({}))).toBe(compositionDigest(composition));
  });

  test.each<[what: string, changed: Composition]>([
    ["bytes", withDependency({ bytes: other })],
    ["a name", withDependency({ name: "a:c" })],
    ["an export", withDependency({ export: "x" })],
    ["what is inherited", withDependency({ inherit: ["files"] })],
    ["all that is inherited", withDependency({ inherit: "all" })],
    ["a dependency of a dependency", withDependency({ dependencies: [dependency] })],
    ["middleware", { ...composition, middleware: [dependency] }],
  ])("differs with %s", (_what, changed) => {
    expect(compositionDigest(changed)).not.toBe(compositionDigest(composition));
  });
});

test("withParts changes every part, and says which one it could not", async () => {
  const all = { ...withDependency({ dependencies: [dependency] }), middleware: [dependency] };
  const changed = await withParts(all, () => Promise.resolve(other));
  const [first] = changed.component.dependencies;
  const parts = [changed.component, first, first?.dependencies[0], changed.middleware[0]];
  expect(parts.map((part) => part?.bytes)).toEqual([other, other, other, other]);
  await expect(prepareComponent(withDependency({}))).rejects.toMatchObject({ code: "not_wasm" });
});

test("a composition from the cache denies what it denied", async () => {
  const wat = `(component
    (import "fermyon:spin/llm" (instance $llm (export "infer" (func (result u32)))))
    (core func (canon lower (func $llm "infer"))))`;
  const user = `(component (import "x:y/z" (instance)))`;
  const exporting = wat.replace(/\)$/, '(instance $api) (export "x:y/z" (instance $api)))');
  const [main, given] = await Promise.all([encode(user), encode(exporting)]);
  const composed: Composition = {
    component: {
      name: "c",
      bytes: main,
      inherit: "all",
      dependencies: [{ ...dependency, name: "x:y", bytes: given }],
    },
    middleware: [],
  };
  const directory = await mkdtemp(join(tmpdir(), "whorl-cache-"));
  try {
    const open = (): PrepareCache =>
      new PrepareCache({
        directory,
        version: "1",
        bytesMax: 1_000_000,
        onWarning: () => undefined,
      });
    const made = await prepareComponent(composed, { cache: open() });
    const kept = await prepareComponent(composed, { cache: open() });
    expect(made.plan.imports).toMatchObject([{ name: "infer", denied: true }]);
    expect(kept.plan).toEqual(made.plan);
  } finally {
    await rm(directory, { recursive: true });
  }
});
