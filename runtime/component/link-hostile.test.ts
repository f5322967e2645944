import { expect, test } from "vitest";
import { WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import { linkComponent } from "./link.ts";
import {
  type Bytes,
  component,
  componentPreamble,
  externName,
  leb,
  modulePreamble,
  name,
  one,
  section,
  typeIndex,
  vec,
} from "./test-binary.ts";
import { encode } from "./test-wat.ts";

// Input that is meant to crash, hang or fill the memory of whoever links it.

const rich = `(component
  (import "ns:pkg/host@1.0.0" (instance $host
    (export "r" (type $r (sub resource)))
    (type $rec (record (field "a" (list string)) (field "b" (option (own $r)))))
    (export "rec" (type $rec' (eq $rec)))
    (export "[method]r.get" (func (param "self" (borrow $r)) (result $rec')))))
  (core module $m
    (memory (export "mem") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 0))
  (core instance $i (instantiate $m))
  (core func (canon lower (func $host "[method]r.get")
    (memory (core memory $i "mem")) (realloc (core func $i "realloc"))))
  (component $c (import "f" (func)) (export "g" (func 0)))
  (type (component (import "x" (func)) (export "y" (instance (export "z" (func))))))
  (core type (module (import "a" "b" (func)) (export "c" (memory 1 2)))))`;

/** Links and reports how it ended; anything but a plan or a WhorlError is a bug. */
function outcome(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    linkComponent(bytes);
    return "linked";
  } catch (error) {
    if (error instanceof WhorlError) return error.code;
    throw error;
  }
}

test("a component cut off at any byte is refused or a shorter component", async () => {
  const bytes = await encode(rich);
  expect(outcome(bytes)).toBe("linked");
  const outcomes = new Set<string>();
  for (let length = 0; length < bytes.length; length++) {
    outcomes.add(outcome(bytes.slice(0, length)));
  }
  expect([...outcomes].toSorted()).toEqual(["linked", "malformed", "not_wasm"]);
});

test("a component with any byte changed links or is refused", async () => {
  const bytes = await encode(rich);
  const outcomes = new Set<string>();
  for (let index = 8; index < bytes.length; index++) {
    for (const change of [0x01, 0x7f, 0x80, 0xff]) {
      const changed = bytes.slice();
      changed[index] = (changed[index] ?? 0) ^ change;
      outcomes.add(outcome(changed));
    }
  }
  expect(outcomes).toContain("malformed");
  expect(outcomes).toContain("invalid");
});

function times(count: number, item: (index: number) => Bytes): Bytes {
  return Array.from({ length: count }, (_, index) => item(index));
}

/** Type sections of types that are each made of two of the one before. */
function doubled(count: number, definition: (before: number) => Bytes): Bytes {
  return [one(7, 0x7d), times(count, (index) => one(7, definition(index)))];
}

/** Components that each instantiate the one before twice. */
function instantiationBomb(depth: number): Bytes {
  const outer = (index: number): Bytes => one(6, 0x04, 0x02, 0x01, leb(index));
  const twice = section(5, vec([0x00, 0x00, vec()], [0x00, 0x00, vec()]));
  const layers = times(depth, (index) => section(4, componentPreamble, outer(index), twice));
  return [section(4, componentPreamble), layers, one(5, 0x00, leb(depth), vec())];
}

/** Components that each instantiate the one before. */
function instantiationChain(depth: number): Bytes {
  const outer = (index: number): Bytes => one(6, 0x04, 0x02, 0x01, leb(index));
  const layers = times(depth, (index) =>
    section(4, componentPreamble, outer(index), one(5, 0x00, 0x00, vec())),
  );
  return [section(4, componentPreamble), layers, one(5, 0x00, leb(depth), vec())];
}

/** Instance types that each export the one before, `uses` times. */
function instanceTypeBomb(depth: number, uses: number): Bytes {
  const layer = (index: number): Bytes => {
    const outer: Bytes = [0x02, 0x03, 0x02, 0x01, leb(index)];
    const exports = Array.from({ length: uses }, (_, use): Bytes => [
      0x04,
      externName(`e${use}`),
      0x05,
      0x00,
    ]);
    return one(7, 0x42, vec(outer, ...exports));
  };
  return [one(7, 0x42, vec()), times(depth, layer), one(10, externName("i"), 0x05, leb(depth))];
}

/** Instances that each export the one before, `uses` times. */
function instanceBomb(depth: number, uses: number): Bytes {
  const layer = (index: number): Bytes => {
    const exports = Array.from({ length: uses }, (_, use): Bytes => [
      externName(`e${use}`),
      0x05,
      leb(index),
    ]);
    return one(5, 0x01, vec(...exports));
  };
  return [one(5, 0x01, vec()), times(depth, layer), one(11, externName("i"), 0x05, leb(depth), 0)];
}

function manyImports(count: number): Bytes {
  const imports = times(count, (index) => [externName(`f${index}`), 0x01, 0x00]);
  return [one(7, 0x40, vec(), 0x01, 0x00), section(10, leb(count), imports)];
}

/** Outer aliases of one and the same type. */
function manyAliases(count: number): Bytes {
  return [
    one(7, 0x7d),
    section(
      6,
      leb(count),
      times(count, () => [0x03, 0x02, 0x00, 0x00]),
    ),
  ];
}

/**
 * Components inside each other, each of which aliases all types that the one around it has, twice
 * over: the innermost has 2^depth of them.
 */
function aliasBomb(depth: number): Bytes {
  const inside = (level: number): Bytes => {
    if (level === depth) return [];
    const own = 2 ** level;
    const aliases = times(2 * own, (index) => [0x03, 0x02, 0x01, leb(index % own)]);
    return section(4, componentPreamble, section(6, leb(2 * own), aliases), inside(level + 1));
  };
  return [one(7, 0x7d), inside(0)];
}

/** A module instantiated over and over with very many imports. */
function coreInstantiationBomb(imports: number, instances: number): Bytes {
  const module = section(
    1,
    modulePreamble,
    section(1, vec([0x60, 0x00, 0x00])),
    section(
      2,
      leb(imports),
      times(imports, (index) => [name("m"), name(`${index}`), 0x00, 0x00]),
    ),
  );
  const type: Bytes = [0x60, vec(), vec()];
  const exporter = section(
    1,
    modulePreamble,
    section(1, vec(type)),
    section(3, vec([0x00])),
    section(
      7,
      leb(imports),
      times(imports, (index) => [name(`${index}`), 0x00, 0x00]),
    ),
  );
  const instantiate = times(instances, () => [0x00, 0x01, vec([name("m"), 0x12, 0x00])]);
  return [exporter, module, one(2, 0x00, 0x00, vec()), section(2, leb(instances), instantiate)];
}

test.each([
  {
    what: "tuples of tuples, each the largest in size",
    bytes: doubled(40, (before) => [0x6f, vec(typeIndex(before), typeIndex(before))]),
  },
  {
    what: "lists in tuples, which double in nodes and not in size",
    bytes: [
      one(7, 0x7d),
      times(40, (index) => [
        one(7, 0x70, typeIndex(2 * index)),
        one(7, 0x6f, vec(typeIndex(2 * index + 1), typeIndex(2 * index + 1))),
      ]),
    ],
  },
  {
    what: "options in options",
    bytes: doubled(limits.typeNestingMax + 1, (before) => [0x6b, typeIndex(before)]),
  },
  { what: "a fixed-length list of 2^32 - 1", bytes: one(7, 0x67, 0x79, leb(0xffff_ffff)) },
  { what: "instances that double at each level", bytes: instantiationBomb(40) },
  { what: "instances in a long chain", bytes: instantiationChain(5_000) },
  { what: "instance types that double at each level", bytes: instanceTypeBomb(40, 2) },
  { what: "instance types in a long chain", bytes: instanceTypeBomb(5_000, 1) },
  { what: "exported instances in a long chain", bytes: instanceBomb(5_000, 1) },
  { what: "aliases beyond the limit", bytes: manyAliases(limits.indexSpaceItemsMax + 1) },
  { what: "aliases that double at each level", bytes: aliasBomb(17) },
  { what: "imports beyond the limit", bytes: manyImports(limits.indexSpaceItemsMax + 1) },
  { what: "core instances with many imports", bytes: coreInstantiationBomb(10_000, 110) },
])("$what reach a limit", ({ bytes }) => {
  expect(outcome(component(bytes))).toBe("limit");
});

test("as many imports as the limit says can be linked", () => {
  const count = limits.indexSpaceItemsMax;
  expect(linkComponent(component(manyImports(count))).imports).toHaveLength(count);
});

test("an instance exported many times over stays one object", () => {
  const plan = linkComponent(component(instanceBomb(40, 2)));
  const top = plan.exports.get("i");
  if (top?.kind !== "instance") throw new Error("not an instance");
  const [left, right] = [top.exports.get("e0"), top.exports.get("e1")];
  if (left?.kind !== "instance" || right?.kind !== "instance") throw new Error("not instances");
  expect(left.exports).toBe(right.exports);
});
