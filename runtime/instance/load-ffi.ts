import type * as nodeFfi from "node:ffi";

/** What `node:ffi` offers. */
export type Ffi = typeof nodeFfi;

/**
 * `node:ffi` without the warning that it is experimental: it is for who chose it, which is not the
 * user, and its absence is provided for. Throws where this Node does not have it.
 */
export function loadFfi(): Ffi {
  const { emitWarning } = process;
  process.emitWarning = (): void => undefined;
  try {
    const ffi = process.getBuiltinModule("node:ffi");
    if (ffi === undefined) throw new Error("this Node has no node:ffi");
    return ffi;
  } finally {
    process.emitWarning = emitWarning;
  }
}
