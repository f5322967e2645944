import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemoryMapper } from "./ffi-memory.ts";
import { CopiedImage, type MemoryImage } from "./memory-image.ts";

const pageBytes = 65_536;

function memoryWith(writes: readonly (readonly [number, number])[], pages = 3): WebAssembly.Memory {
  const memory = new WebAssembly.Memory({ initial: pages });
  const bytes = new Uint8Array(memory.buffer);
  for (const [offset, value] of writes) bytes[offset] = value;
  return memory;
}

const [scanning, reading] = [true, false].map((withScan) => MemoryMapper.open({ withScan }));

/** The image as this system maps it; the copied one where it cannot. */
function mapped(image: CopiedImage): MemoryImage {
  return scanning?.image(image) ?? image;
}

function mappedWithoutScan(image: CopiedImage): MemoryImage {
  return reading?.image(image) ?? image;
}

const offset = fc.nat(3 * pageBytes - 1);
const writes = fc.array(fc.tuple(offset, fc.integer({ min: 0, max: 255 })), { maxLength: 40 });

describe.each([
  ["copied", (image: CopiedImage): MemoryImage => image],
  ["mapped", mapped],
  ["mapped on an older kernel", mappedWithoutScan],
] as const)("an image that is %s", (_way, imageOf) => {
  test("makes any memory equal to the first, again and again", () => {
    fc.assert(
      fc.property(writes, fc.array(writes, { maxLength: 6 }), (initial, requests) => {
        const first = memoryWith(initial);
        const expected = Buffer.from(first.buffer.slice(0));
        const image = imageOf(CopiedImage.of(first));
        const other = memoryWith([]);
        for (const memory of [first, other]) {
          expect(image.restore(memory)).toBe(true);
          for (const request of requests) {
            const bytes = new Uint8Array(memory.buffer);
            for (const [at, value] of request) bytes[at] = value;
            expect(image.restore(memory)).toBe(true);
            expect(Buffer.compare(Buffer.from(memory.buffer), expected)).toBe(0);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  test("zeroes what a memory has grown into", () => {
    const first = memoryWith([[5, 1]], 1);
    const image = imageOf(CopiedImage.of(first));
    expect(image.restore(first)).toBe(true);
    for (let round = 0; round < 5; round++) {
      first.grow(2);
      const bytes = new Uint8Array(first.buffer);
      bytes.fill(0xee);
      expect(image.restore(first)).toBe(true);
      expect(bytes[5]).toBe(1);
      bytes[5] = 0;
      expect(bytes.every((byte) => byte === 0)).toBe(true);
    }
  });

  test("goes on when requests change ever more pages", () => {
    const first = memoryWith([[pageBytes, 1]], 100);
    const expected = Buffer.from(first.buffer.slice(0));
    const image = imageOf(CopiedImage.of(first));
    for (let round = 0; round < 60; round++) {
      new Uint8Array(first.buffer).fill(round, 0, round * 100_000);
      expect(image.restore(first)).toBe(true);
      expect(Buffer.compare(Buffer.from(first.buffer), expected)).toBe(0);
    }
  });

  test("memories do not see each other's bytes", () => {
    const image = imageOf(CopiedImage.of(memoryWith([[7, 7]])));
    const [left, right] = [memoryWith([]), memoryWith([])];
    for (const memory of [left, right]) expect(image.restore(memory)).toBe(true);
    new Uint8Array(left.buffer).fill(0xaa);
    expect(new Uint8Array(right.buffer).filter((byte) => byte !== 0)).toEqual(new Uint8Array([7]));
  });
});

test("an image of an empty memory is possible", () => {
  const memory = new WebAssembly.Memory({ initial: 0 });
  const image = mapped(CopiedImage.of(memory));
  expect(image.size).toBe(0);
  expect(image.restore(memory)).toBe(true);
});
