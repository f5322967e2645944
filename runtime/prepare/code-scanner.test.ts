import fc from "fast-check";
import { expect, test } from "vitest";
import { CodeScanner } from "./code-scanner.ts";

interface Found {
  readonly kind: string;
  readonly immediate: number;
  readonly start: number;
  readonly end: number;
}

function scan(body: readonly number[], readsGlobals = false): Found[] {
  const found: Found[] = [];
  const scanner = new CodeScanner(new Uint8Array(body), {
    readsGlobals,
    instruction: (kind, immediate, start, end) => found.push({ kind, immediate, start, end }),
  });
  scanner.body(0, body.length);
  return found;
}

/** `global.set 7`: found only by a scanner that knows where the instruction before it ends. */
const marker = [0x24, 7];
/** An immediate that looks like `global.set`; and two of them, in five bytes. */
const decoy = 0x24;
const long = [0xa4, 0xa4, 0xa4, 0xa4, 0x00];

test.each<readonly [string, readonly number[]]>([
  ["unreachable, nop", [0x00, 0x01]],
  ["block of no type", [0x02, 0x40]],
  ["loop of a value type", [0x03, 0x7f]],
  ["if of a type index", [0x04, ...[0xa4, 0x01]]],
  ["block of a typed reference", [0x02, 0x63, decoy]],
  ["block of a non-null reference", [0x02, 0x64, decoy]],
  ["else, end", [0x05, 0x0b]],
  [
    "try, catch, rethrow, delegate, catch_all",
    [0x06, 0x40, 0x07, decoy, 0x09, decoy, 0x18, 0, 0x19],
  ],
  ["throw, throw_ref", [0x08, decoy, 0x0a]],
  ["try_table", [0x1f, 0x40, 4, 0, decoy, decoy, 1, decoy, decoy, 2, decoy, 3, decoy]],
  ["br, br_if", [0x0c, ...long, 0x0d, decoy]],
  ["br_table", [0x0e, 3, decoy, ...long, decoy, decoy]],
  ["br_table of the default alone", [0x0e, 0, decoy]],
  ["return", [0x0f]],
  ["call, return_call", [0x10, ...long, 0x12, decoy]],
  ["call_indirect, return_call_indirect", [0x11, decoy, decoy, 0x13, ...long, ...long]],
  ["call_ref, return_call_ref", [0x14, decoy, 0x15, decoy]],
  ["drop, select", [0x1a, 0x1b]],
  ["select of types", [0x1c, 2, 0x7f, 0x63, decoy]],
  ["local.get, local.set, local.tee, global.get", [0x20, 36, 0x21, 36, 0x22, 36, 0x23, 36]],
  ["table.get", [0x25, decoy]],
  ["loads and stores", [0x28, 2, decoy, 0x3e, 2, ...long, 0x37, 0x03, 0x80, 0x24]],
  ["a load of another memory", [0x29, 0x43, decoy, decoy]],
  ["a load with a long alignment", [0x29, 0x83, 0x00, decoy]],
  ["i32.const, i64.const", [0x41, 0xa4, 0x24, 0x42, 0xa4, 0xa4, 0xa4, 0xa4, 0xa4, 0x24]],
  ["f32.const", [0x43, decoy, decoy, decoy, decoy]],
  ["f64.const", [0x44, decoy, 0, decoy, 0, decoy, 0, decoy, 0]],
  ["numeric instructions", [0x45, 0x6a, 0x7c, 0xa0, 0xc4]],
  ["ref.null, ref.is_null, ref.func", [0xd0, 0x70, 0xd1, 0xd2, decoy]],
  ["ref.null of a type index", [0xd0, 0xe3, 0x00]],
  ["ref.eq, ref.as_non_null, br_on_null, br_on_non_null", [0xd3, 0xd4, 0xd5, 36, 0xd6, 36]],
  ["saturating truncation", [0xfc, 0, 0xfc, 7]],
  ["memory.init, memory.copy", [0xfc, 8, decoy, decoy, 0xfc, 10, decoy, decoy]],
  ["memory.fill, table.size", [0xfc, 11, decoy, 0xfc, 16, decoy]],
  ["a prefixed opcode in a long form", [0xfc, 0x8b, 0x00, decoy]],
  ["v128.load, v128.load32_zero", [0xfd, 0, 4, decoy, 0xfd, 92, 2, decoy]],
  ["v128.const", [0xfd, 12, ...Array<number>(16).fill(decoy)]],
  ["i8x16.shuffle", [0xfd, 13, ...Array<number>(16).fill(decoy)]],
  ["splat and lanes", [0xfd, 15, 0xfd, 21, decoy, 0xfd, 34, decoy]],
  ["v128.load8_lane", [0xfd, 84, 0, decoy, decoy]],
  ["vector arithmetic", [0xfd, 35, 0xfd, 0xff, 0x01, 0xfd, 0x80, 0x02]],
  ["relaxed vector arithmetic", [0xfd, 0x93, 0x02]],
  ["atomics", [0xfe, 0, 2, decoy, 0xfe, 3, 0, 0xfe, 0x10, 2, decoy, 0xfe, 0x4e, 3, decoy]],
])("%s: keeps in step", (_name, bytes) => {
  const start = 1 + bytes.length;
  expect(scan([0, ...bytes, ...marker, 0x0b])).toEqual([
    { kind: "global.set", immediate: 7, start, end: start + 2 },
  ]);
});

test.each<readonly [string, readonly number[], Omit<Found, "start" | "end">]>([
  ["global.set", [0x24, 0x85, 0x01], { kind: "global.set", immediate: 133 }],
  ["table.set", [0x26, 5], { kind: "table.set", immediate: 5 }],
  ["memory.size", [0x3f, 1], { kind: "memory.size", immediate: 1 }],
  ["memory.grow", [0x40, 2], { kind: "memory.grow", immediate: 2 }],
  ["data.drop", [0xfc, 9, 3], { kind: "data.drop", immediate: 3 }],
  ["table.init", [0xfc, 12, 1, 2], { kind: "table.init", immediate: 2 }],
  ["elem.drop", [0xfc, 13, 4], { kind: "elem.drop", immediate: 4 }],
  ["table.copy", [0xfc, 14, 1, 2], { kind: "table.copy", immediate: 2 }],
  ["table.grow", [0xfc, 15, 1], { kind: "table.grow", immediate: 1 }],
  ["table.fill", [0xfc, 17, 1], { kind: "table.fill", immediate: 1 }],
  ["a long form of data.drop", [0xfc, 0x89, 0x00, 3], { kind: "data.drop", immediate: 3 }],
])("%s is reported with its place", (_name, bytes, found) => {
  expect(scan([0, ...bytes, 0x0b])).toEqual([{ ...found, start: 1, end: 1 + bytes.length }]);
});

test("global.get is reported where it is asked for", () => {
  const body = [0, 0x23, 4, 0x0b];
  expect(scan(body)).toEqual([]);
  expect(scan(body, true)).toEqual([{ kind: "global.get", immediate: 4, start: 1, end: 3 }]);
});

test("locals are skipped, typed references too", () => {
  const locals = [3, 0x84, 0x01, 0x7f, 2, 0x63, decoy, 1, 0x64, 0x70];
  expect(scan([...locals, ...marker, 0x0b])).toHaveLength(1);
});

test.each<readonly [string, readonly number[], RegExp]>([
  ["an opcode that does not exist", [0, 0x27, 0x0b], /unknown opcode 0x27/],
  ["stack switching", [0, 0xe0, 0, 0x0b], /unknown opcode 0xe0/],
  ["garbage collection", [0, 0xfb, 0, 0, 0x0b], /garbage-collected/],
  ["an unknown miscellaneous opcode", [0, 0xfc, 18, 0x0b], /unknown opcode 0xfc 18/],
  ["an unknown vector opcode", [0, 0xfd, 0x94, 0x02, 0x0b], /unknown opcode 0xfd 276/],
  ["an unknown atomic opcode", [0, 0xfe, 0x0f, 0x0b], /unknown opcode 0xfe 15/],
  ["another unknown atomic opcode", [0, 0xfe, 0x4f, 0x0b], /unknown opcode 0xfe 79/],
  ["a body whose end is an immediate", [0, 0x24, 0x0b], /within an instruction/],
  ["a body that ends in a constant", [0, 0x44, 1, 2], /within an instruction/],
  ["a body without an end", [0, 0x01], /has no end/],
  ["labels beyond the body", [0, 0x0e, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x0b], /longer than the code/],
  ["types beyond the body", [0, 0x1c, 0xff, 0xff, 0xff, 0x7f, 0x0b], /longer than the code/],
  ["clauses beyond the body", [0, 0x1f, 0x40, 0xff, 0x7f, 0x0b], /longer than the code/],
  ["locals beyond the body", [0xff, 0xff, 0xff, 0xff, 0x0f, 0x0b], /longer than the code/],
  ["an index that does not end", [0, 0x24, 0x80, 0x80, 0x80, 0x80, 0x80, 0x0b], /too long/],
])("%s is refused", (_name, body, message) => {
  expect(() => scan(body)).toThrow(message);
});

test("a constant expression ends behind its end", () => {
  const bytes = new Uint8Array([0x41, 0x8b, 0x0b, 0x6a, 0x0b, 0x00]);
  const scanner = new CodeScanner(bytes, { instruction: () => undefined });
  expect(scanner.constantExpression(0)).toBe(5);
});

test("a constant expression without an end is refused", () => {
  const scanner = new CodeScanner(new Uint8Array([0x41, 1]), { instruction: () => undefined });
  expect(() => scanner.constantExpression(0)).toThrow(/has no end/);
});

test("any bytes are scanned or refused", () => {
  const opcodes = fc.constantFrom(
    0x02,
    0x0b,
    0x0e,
    0x1c,
    0x1f,
    0x24,
    0x28,
    0x41,
    0x44,
    0xfc,
    0xfd,
    0xfe,
  );
  const bodies = fc.array(fc.oneof(opcodes, fc.integer({ min: 0, max: 255 })), { minLength: 1 });
  fc.assert(
    fc.property(bodies, (body) => {
      try {
        for (const { start, end } of scan(body, true)) {
          expect(start).toBeLessThan(end);
          expect(end).toBeLessThan(body.length);
        }
      } catch (error) {
        expect(error).toMatchObject({ code: "unsupported" });
      }
    }),
    { numRuns: 2000 },
  );
});
