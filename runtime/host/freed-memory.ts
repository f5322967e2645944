import { type Ffi, loadFfi } from "../instance/load-ffi.ts";
import { limits } from "../limits.ts";

/** Parameters of mallopt(3). */
const parameters = { trimThreshold: -1, mmapThreshold: -3 } as const;

/**
 * From now on what the process frees goes back to the system when it is large. glibc by itself takes
 * what was freed once for what is needed again, up to 32 MB, and keeps it in a heap of the thread that
 * asked for it: with workers that end and begin, each of which reads components of 12 MB, that was half a
 * gigabyte more every minute. Returns what gives back the small pieces too, for when much was freed at
 * once: it looks at every heap, which takes milliseconds. Where the C library is another one nothing
 * changes.
 */
export function returnFreedMemory(load: () => Ffi = loadFfi): () => void {
  try {
    const { functions } = load().dlopen(null, {
      mallopt: { arguments: ["i32", "i32"], return: "i32" },
      malloc_trim: { arguments: ["u64"], return: "i32" },
    });
    functions.mallopt(parameters.mmapThreshold, limits.mappedAllocationBytesMin);
    functions.mallopt(parameters.trimThreshold, limits.freedHeapBytesMax);
    return () => void functions.malloc_trim(0n);
  } catch {
    // No ffi in this Node, or no glibc.
    return () => undefined;
  }
}
