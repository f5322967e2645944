import type { ClocksContext } from "../context.ts";

/** The clocks of this machine. The wall clock advances in milliseconds. */
export function hostClocks(): ClocksContext {
  return {
    monotonicNs: () => process.hrtime.bigint(),
    wallNs: () => BigInt(Date.now()) * 1_000_000n,
  };
}
