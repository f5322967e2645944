import fc from "fast-check";
import { expect, test } from "vitest";
import { encode } from "../component/test-wat.ts";
import type { Plan } from "../component/plan.ts";
import { readModuleFacts } from "./module-facts.ts";
import { proveReset } from "./reset-proof.ts";
import { bareModule, makeResettable } from "./resettable-module.ts";

function planOf(...modules: readonly Uint8Array<ArrayBuffer>[]): Plan {
  return {
    modules,
    imports: [],
    resources: [],
    componentInstances: [{ parent: undefined }],
    coreInstances: [],
    trampolines: [],
    exports: new Map(),
  };
}

const rich = `(module
  (type $t (func (param i32) (result i32)))
  (import "host" "g" (global $g i32))
  (import "host" "m" (memory $imported 1))
  (memory $own 1 3)
  (table $table 4 funcref)
  (global $counter (mut i64) (i64.const -5))
  (global $copy i32 (global.get $g))
  (func $f (export "f") (type $t)
    (local i64 f64)
    (global.set $counter (i64.add (global.get $counter) (i64.const 1)))
    (block $out (loop $again
      (br_table $out $again (i32.load offset=4 (local.get 0)))))
    (drop (memory.grow $imported (i32.const 1)))
    (i64.store $own (memory.size $own) (global.get $counter))
    (call_indirect $table (type $t) (local.get 0) (memory.size $imported)))
  (elem (table $table) (global.get $g) func $f)
  (elem $passive funcref (ref.func $f) (ref.null func))
  (data (memory $own) (i32.const 3) "data")
  (data $later "later"))`;

test("what is rewritten is valid, and was valid before", async () => {
  const original = await encode(rich);
  expect(WebAssembly.validate(original)).toBe(true);
  const change = fc.record({
    at: fc.nat(original.length - 1),
    byte: fc.integer({ min: 0, max: 255 }),
  });
  let proved = 0;
  fc.assert(
    fc.property(fc.array(change, { maxLength: 2 }), (changes) => {
      const bytes = original.slice();
      for (const { at, byte } of changes) bytes[at] = byte;
      const { modules, bareModules, proof } = proveReset(planOf(bytes));
      if (proof.kind === "refused") {
        expect(modules).toEqual([bytes]);
        expect(bareModules).toBeUndefined();
        return;
      }
      proved++;
      expect(WebAssembly.validate(bytes)).toBe(true);
      for (const module of modules) expect(WebAssembly.validate(module)).toBe(true);
      // Too little data for them to be worth it.
      expect(bareModules).toBeUndefined();
      const rewritten = makeResettable(readModuleFacts(bytes), { isSizeShared: true });
      expect(WebAssembly.validate(bareModule(rewritten))).toBe(true);
    }),
    { numRuns: 3000 },
  );
  expect(proved).toBeGreaterThan(100);
});

test.each<readonly [string, readonly number[], RegExp]>([
  ["an empty module of another version", [0, 97, 115, 109, 2, 0, 0, 0], /preamble/],
  ["a section cut short", [0, 97, 115, 109, 1, 0, 0, 0, 1, 9, 1], /claims 9 bytes/],
  [
    "bytes behind the last function",
    [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 5, 1, 2, 0, 11, 0],
    /too many/,
  ],
])("%s: refused, left to the engine", (_name, bytes, reason) => {
  const module = new Uint8Array([...bytes]);
  const proved = proveReset(planOf(module));
  expect(proved.modules).toEqual([module]);
  expect(proved.proof).toEqual({
    kind: "refused",
    reason: expect.stringMatching(reason) as string,
  });
});

test("one module without proof is enough for none", async () => {
  const good = await encode("(module (global (mut i32) (i32.const 0)))");
  const bad = await encode(`(module (table 1 funcref)
    (func (drop (table.grow (ref.null func) (i32.const 1)))))`);
  expect(proveReset(planOf(good, bad)).proof).toEqual({
    kind: "refused",
    reason: "core module 1 uses table.grow",
  });
});

test("an index that names only what a rewrite would add is refused", async () => {
  const bytes = await encode(`(module (memory 1) (global $g (mut i32) (i32.const 0))
    (func (result i32) (global.set $g (i32.const 1)) (memory.size)))`);
  const at = bytes.lastIndexOf(0x24) + 1;
  expect(bytes[at]).toBe(0);
  bytes[at] = 1;
  expect(proveReset(planOf(bytes)).proof).toEqual({
    kind: "refused",
    reason: "core module 0 is not valid",
  });
});
