import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type {
  CanonicalOptions,
  CoreItem,
  LiftedFunction,
  Plan,
  StringEncoding,
} from "../component/plan.ts";
import type { FuncType, ValueType } from "../component/types.ts";
import { compileAbi, type CoreFunction } from "./compile.ts";
import { ComponentState, SyncRoot } from "./component-state.ts";
import { camelCase } from "./emitter.ts";
import { GuestMemory } from "./guest-memory.ts";
import { flattenFunction, layoutOf } from "./layout.ts";
import { ResourceOperations } from "./support.ts";

const memoryItem: CoreItem = { kind: "export", instance: 0, name: "memory" };
const reallocItem: CoreItem = { kind: "export", instance: 0, name: "realloc" };
const coreItem: CoreItem = { kind: "export", instance: 0, name: "f" };

/** A function of one type, once lifted from and once lowered to the same core function. */
function echoPlan(type: FuncType, stringEncoding: StringEncoding): Plan {
  const options: CanonicalOptions = {
    stringEncoding,
    memory: memoryItem,
    realloc: reallocItem,
    postReturn: undefined,
    async: false,
    callback: undefined,
  };
  const lifted: LiftedFunction = { kind: "lift", core: coreItem, type, options, instance: 0 };
  return {
    modules: [],
    imports: [{ kind: "func", interfaceName: "test:echo/echo", name: "f", type }],
    resources: [],
    componentInstances: [{ parent: undefined }],
    coreInstances: [],
    trampolines: [
      { kind: "lower", function: { kind: "import", import: 0, type }, options, instance: 0 },
    ],
    exports: new Map([["f", { kind: "func", function: lifted }]]),
  };
}

/**
 * Passes a value through all four conversions: host to guest as parameter, guest to host as
 * parameter, host to guest as result, guest to host as result.
 */
function roundTrip(type: ValueType, value: unknown, encoding: StringEncoding): unknown[] {
  const signature: FuncType = { params: [{ name: "x", type }], result: type, async: false };
  const plan = echoPlan(signature, encoding);
  const seen: unknown[] = [];
  const host = (_context: unknown, received: unknown): unknown => {
    seen.push(received);
    return value;
  };
  const abi = compileAbi(plan, [{ call: host, suspends: false }]);
  const wasmMemory = new WebAssembly.Memory({ initial: 1 });
  const memory = new GuestMemory();
  memory.bind(wasmMemory);
  let next = 8;
  const realloc: CoreFunction = (_old, _oldSize, align: number, size: number) => {
    next = Math.ceil(next / align) * align;
    const pointer = next;
    next += size;
    // Grows often, so that views kept over an allocation would be seen to fail.
    while (next > wasmMemory.buffer.byteLength) wasmMemory.grow(1);
    return pointer;
  };
  const functions: CoreFunction[] = [];
  const root = new SyncRoot();
  const bound = abi.bind({
    memories: [memory],
    functions,
    suspendable: [],
    states: [new ComponentState(root)],
    root,
    resources: new ResourceOperations([]),
    host: { context: undefined },
  });
  functions[abi.slots.function(reallocItem)] = realloc;
  functions[abi.slots.function(coreItem)] = (...args) => {
    if (!flattenFunction(signature, "lower").resultSpilled) return bound.trampolines[0]?.(...args);
    const { size, align } = layoutOf(type);
    const out: unknown = realloc(0, 0, align, size);
    bound.trampolines[0]?.(...args, out);
    return out;
  };
  seen.push(bound.kind === "sync" ? bound.lifted[0]?.(value) : undefined);
  return seen;
}

const scalars: readonly (readonly [ValueType["kind"], readonly unknown[]])[] = [
  ["bool", [true, false]],
  ["u8", [0, 255]],
  ["s8", [-128, 127]],
  ["u16", [0, 65_535]],
  ["s16", [-32_768, 32_767]],
  ["u32", [0, 4_294_967_295]],
  ["s32", [-2_147_483_648, 2_147_483_647]],
  ["u64", [0n, 18_446_744_073_709_551_615n]],
  ["s64", [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n]],
  ["f32", [0, -1.5, Number.POSITIVE_INFINITY, Number.NaN]],
  ["f64", [0, Math.PI, Number.NEGATIVE_INFINITY, Number.NaN]],
  ["char", ["a", "é", "\u{10ffff}"]],
  ["string", ["", "hello", "grüße", "日本語 and more than twenty-four bytes", "\u{1f600}"]],
];

interface TypedValue {
  readonly type: ValueType;
  readonly value: unknown;
}

const names = ["a", "b-c", "constructor", "d-1", "e-long-name"];

/** Random types together with a value of each. */
const typedValue = fc.letrec<{ any: TypedValue; leaf: TypedValue; nested: TypedValue }>((tie) => ({
  any: fc.oneof({ maxDepth: 3 }, tie("leaf"), tie("nested")),
  leaf: fc.oneof(
    ...scalars.map(([kind, values]) =>
      fc
        .constantFrom(...values)
        .map((value): TypedValue => ({ type: { kind } as ValueType, value })),
    ),
    fc.uint8Array({ maxLength: 70_000, size: "max" }).map((value): TypedValue => ({
      type: { kind: "list", element: { kind: "u8" }, length: undefined },
      value: new Uint8Array(value),
    })),
    fc.integer({ min: 1, max: 40 }).chain((count) =>
      fc.array(fc.boolean(), { minLength: count, maxLength: count }).map((bits): TypedValue => {
        const flagNames = bits.map((_, index) => `flag-${index}`);
        return {
          type: { kind: "flags", names: flagNames },
          value: Object.fromEntries(flagNames.map((name, bit) => [camelCase(name), bits[bit]])),
        };
      }),
    ),
    fc.integer({ min: 1, max: 300 }).chain((count) =>
      fc.integer({ min: 0, max: count - 1 }).map((index): TypedValue => ({
        type: { kind: "enum", names: Array.from({ length: count }, (_, each) => `case-${each}`) },
        value: `case-${index}`,
      })),
    ),
  ),
  nested: fc.oneof(
    fc.array(tie("any"), { minLength: 1, maxLength: 5 }).map((items): TypedValue => ({
      type: { kind: "tuple", items: items.map((item) => item.type) },
      value: items.map((item) => item.value),
    })),
    fc.array(tie("any"), { minLength: 1, maxLength: 5 }).map((items): TypedValue => ({
      type: {
        kind: "record",
        fields: items.map((item, index) => ({ name: names[index] ?? "z", type: item.type })),
      },
      value: Object.fromEntries(
        items.map((item, index) => [camelCase(names[index] ?? "z"), item.value]),
      ),
    })),
    fc
      .tuple(fc.array(tie("any"), { minLength: 1, maxLength: 5 }), fc.nat(4))
      .map(([items, choice]): TypedValue => {
        const chosen = choice % items.length;
        return {
          type: {
            kind: "variant",
            cases: items.map((item, index) => ({ name: names[index] ?? "z", type: item.type })),
          },
          value: { tag: names[chosen], val: items[chosen]?.value },
        };
      }),
    fc.tuple(tie("any"), fc.boolean()).map(([item, some]): TypedValue => {
      const type: ValueType = { kind: "option", some: item.type };
      if (item.type.kind !== "option") return { type, value: some ? item.value : undefined };
      return {
        type,
        value: some ? { tag: "some", val: item.value } : { tag: "none", val: undefined },
      };
    }),
    fc.tuple(tie("any"), fc.boolean()).map(([item, isOk]): TypedValue => ({
      type: { kind: "result", ok: item.type, err: undefined },
      value: isOk ? { tag: "ok", val: item.value } : { tag: "err", val: undefined },
    })),
    fc.tuple(tie("any"), fc.nat(3)).map(([item, count]): TypedValue => ({
      type: {
        kind: "list",
        element: { kind: "tuple", items: [item.type] },
        length: undefined,
      },
      value: Array.from({ length: count }, () => [item.value]),
    })),
    fc.tuple(tie("any"), fc.integer({ min: 1, max: 6 })).map(([item, count]): TypedValue => ({
      type: { kind: "list", element: { kind: "tuple", items: [item.type] }, length: count },
      value: Array.from({ length: count }, () => [item.value]),
    })),
  ),
}));

describe("canonical ABI round trip", () => {
  const rows = scalars.flatMap(([kind, values]) => values.map((value) => ({ kind, value })));
  test.each(rows)("$kind $value comes back equal", ({ kind, value }) => {
    expect(roundTrip({ kind } as ValueType, value, "utf8")).toEqual([value, value]);
  });

  test.each(["utf8", "utf16", "latin1+utf16"] as const)("any type, strings in %s", (encoding) => {
    fc.assert(
      fc.property(typedValue.any, ({ type, value }) => {
        expect(roundTrip(type, value, encoding)).toEqual([value, value]);
      }),
      { numRuns: 150 },
    );
  });
});
