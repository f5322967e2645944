import { randomFillSync } from "node:crypto";
import type { RandomContext } from "../context.ts";

/** The random number generator of this machine. */
export function hostRandom(): RandomContext {
  return { bytes: (length) => randomFillSync(new Uint8Array(length)) };
}
