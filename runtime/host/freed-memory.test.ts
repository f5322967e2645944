import { expect, test } from "vitest";
import { loadFfi } from "../instance/load-ffi.ts";
import { limits } from "../limits.ts";
import { returnFreedMemory } from "./freed-memory.ts";

interface Report {
  readonly header: { readonly glibcVersionRuntime?: string };
}

const { header } = process.report.getReport() as unknown as Report;

/** glibc writes it before each allocation. */
const mappedFlag = 2;
const sizeFieldBytes = 8;

test.skipIf(header.glibcVersionRuntime === undefined)(
  "with glibc what is large has a mapping of its own, however often as much was freed",
  () => {
    const ffi = loadFfi();
    const { functions } = ffi.dlopen(null, {
      malloc: { arguments: ["u64"], return: "pointer" },
      free: { arguments: ["pointer"], return: "void" },
    });
    const isMapped = (bytes: number): boolean => {
      const address = functions.malloc(BigInt(bytes));
      const size = ffi.toArrayBuffer(address - BigInt(sizeFieldBytes), sizeFieldBytes, true);
      functions.free(address);
      return ((new Uint8Array(size)[0] ?? 0) & mappedFlag) !== 0;
    };
    const large = 16 * limits.mappedAllocationBytesMin;
    // As the C library does it by itself: the second one comes of what the first one has freed.
    expect([isMapped(large), isMapped(large)].at(-1)).toBe(false);
    returnFreedMemory();
    // More than what is still there of before.
    const larger = 2 * large;
    expect([isMapped(larger), isMapped(larger), isMapped(larger)]).toEqual([true, true, true]);
    expect(isMapped(1000)).toBe(false);
  },
);

test("without node:ffi nothing changes", () => {
  const load = (): never => {
    throw new Error("no such built-in module");
  };
  expect(() => returnFreedMemory(load)).not.toThrow();
});
