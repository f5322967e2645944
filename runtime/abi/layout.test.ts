import { describe, expect, test } from "vitest";
import type { FuncType, ValueType } from "../component/types.ts";
import { flatten, flattenFunction, layoutOf } from "./layout.ts";

const u8: ValueType = { kind: "u8" };
const u16: ValueType = { kind: "u16" };
const u32: ValueType = { kind: "u32" };
const u64: ValueType = { kind: "u64" };
const f32: ValueType = { kind: "f32" };
const f64: ValueType = { kind: "f64" };
const string: ValueType = { kind: "string" };
const list = (element: ValueType, length?: number): ValueType => ({
  kind: "list",
  element,
  length,
});
const tuple = (...items: ValueType[]): ValueType => ({ kind: "tuple", items });
const flags = (count: number): ValueType => ({
  kind: "flags",
  names: Array.from({ length: count }, (_, index) => `f${index}`),
});
const enumeration = (count: number): ValueType => ({
  kind: "enum",
  names: Array.from({ length: count }, (_, index) => `c${index}`),
});
const option = (some: ValueType): ValueType => ({ kind: "option", some });
const result = (ok?: ValueType, err?: ValueType): ValueType => ({ kind: "result", ok, err });

describe("layoutOf and flatten", () => {
  test.each([
    { name: "u8", type: u8, size: 1, align: 1, flat: "i32" },
    { name: "u64", type: u64, size: 8, align: 8, flat: "i64" },
    { name: "string", type: string, size: 8, align: 4, flat: "i32 i32" },
    { name: "list<u64>", type: list(u64), size: 8, align: 4, flat: "i32 i32" },
    { name: "list<u16, 3>", type: list(u16, 3), size: 6, align: 2, flat: "i32 i32 i32" },
    { name: "(u8, u32, u8)", type: tuple(u8, u32, u8), size: 12, align: 4, flat: "i32 i32 i32" },
    { name: "(u8, u64)", type: tuple(u8, u64), size: 16, align: 8, flat: "i32 i64" },
    { name: "flags of 8", type: flags(8), size: 1, align: 1, flat: "i32" },
    { name: "flags of 9", type: flags(9), size: 2, align: 2, flat: "i32" },
    { name: "flags of 17", type: flags(17), size: 4, align: 4, flat: "i32" },
    { name: "flags of 33", type: flags(33), size: 8, align: 4, flat: "i32 i32" },
    { name: "enum of 256", type: enumeration(256), size: 1, align: 1, flat: "i32" },
    { name: "enum of 257", type: enumeration(257), size: 2, align: 2, flat: "i32" },
    { name: "enum of 65537", type: enumeration(65_537), size: 4, align: 4, flat: "i32" },
    { name: "option<u8>", type: option(u8), size: 2, align: 1, flat: "i32 i32" },
    { name: "option<u64>", type: option(u64), size: 16, align: 8, flat: "i32 i64" },
    { name: "result", type: result(), size: 1, align: 1, flat: "i32" },
    { name: "result<u32, f32>", type: result(u32, f32), size: 8, align: 4, flat: "i32 i32" },
    { name: "result<f32, f64>", type: result(f32, f64), size: 16, align: 8, flat: "i32 i64" },
    { name: "result<f64, f64>", type: result(f64, f64), size: 16, align: 8, flat: "i32 f64" },
    {
      name: "result<string, u64>",
      type: result(string, u64),
      size: 16,
      align: 8,
      flat: "i32 i64 i32",
    },
  ])("$name: $size bytes, aligned to $align, flat $flat", ({ type, size, align, flat }) => {
    expect(layoutOf(type)).toEqual({ size, align });
    expect(flatten(type).join(" ")).toBe(flat);
  });

  test("layoutOf refuses a type larger than memory allows", () => {
    expect(() => layoutOf(list(list(u64, 100_000), 100_000))).toThrow(/more than the limit/);
  });

  test("layoutOf is quick for a type whose parts are shared 60 levels deep", () => {
    let type: ValueType = u8;
    for (let level = 0; level < 60; level++) type = tuple(type);
    let shared: ValueType = u8;
    expect(layoutOf(type)).toEqual({ size: 1, align: 1 });
    expect(() => {
      for (let level = 0; level < 60; level++) {
        shared = tuple(shared, shared);
        layoutOf(shared);
      }
    }).toThrow(/more than the limit/);
    expect(flatten(shared)).toHaveLength(17);
  });
});

describe("flattenFunction", () => {
  const func = (count: number, returned?: ValueType): FuncType => ({
    params: Array.from({ length: count }, (_, index) => ({ name: `p${index}`, type: u32 })),
    result: returned,
    async: false,
  });
  test.each([
    { name: "16 parameters stay flat", type: func(16), lift: "16:0", lower: "16:0" },
    { name: "17 parameters are spilled", type: func(17), lift: "1:0", lower: "1:0" },
    { name: "one result stays flat", type: func(0, u32), lift: "0:1", lower: "0:1" },
    { name: "a string result is spilled", type: func(1, string), lift: "1:1", lower: "2:0" },
    { name: "both spilled", type: func(17, string), lift: "1:1", lower: "2:0" },
  ])("$name", ({ type, lift, lower }) => {
    const shape = (direction: "lift" | "lower"): string => {
      const { params, results } = flattenFunction(type, direction);
      return `${params.length}:${results.length}`;
    };
    expect(shape("lift")).toBe(lift);
    expect(shape("lower")).toBe(lower);
  });
});
