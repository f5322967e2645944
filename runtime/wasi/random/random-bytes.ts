import { trap } from "../../error.ts";
import { limits } from "../../limits.ts";
import type { WasiContext } from "../context.ts";

/** As many random bytes as a guest asked for; traps beyond `limits.randomBytesMax`. */
export function randomBytes(context: WasiContext, length: bigint): Uint8Array {
  if (length > BigInt(limits.randomBytesMax)) {
    trap(`the guest asked for ${length} random bytes at once; at most ${limits.randomBytesMax}`);
  }
  return context.random.bytes(Number(length));
}

/** A random u64. */
export function randomU64(context: WasiContext): bigint {
  const bytes = context.random.bytes(8);
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
}
