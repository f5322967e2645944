/**
 * Asks the C library for the same large piece three times, giving it back each time, and prints which
 * of them were mappings of their own. A process of its own, whose heap is small: `returned` as the
 * argument calls returnFreedMemory first.
 */
import { loadFfi } from "../instance/load-ffi.ts";
import { returnFreedMemory } from "./freed-memory.ts";

/** glibc writes it before each allocation. */
const mappedFlag = 2;
const sizeFieldBytes = 8;
const pieceBytes = 24n * 1024n * 1024n;

const ffi = loadFfi();
const { functions } = ffi.dlopen(null, {
  malloc: { arguments: ["u64"], return: "pointer" },
  free: { arguments: ["pointer"], return: "void" },
});
if (process.argv[2] === "returned") returnFreedMemory();
const areMapped = [1, 2, 3].map(() => {
  const address = functions.malloc(pieceBytes);
  const size = ffi.toArrayBuffer(address - BigInt(sizeFieldBytes), sizeFieldBytes, true);
  functions.free(address);
  return ((new Uint8Array(size)[0] ?? 0) & mappedFlag) !== 0;
});
console.log(JSON.stringify(areMapped));
