import type { HostInterface } from "../../../instance/host-interface.ts";
import { limits } from "../../../limits.ts";
import { final03 } from "../../release-candidate.ts";
import type { WasiContext } from "../../context.ts";
import { randomU64 } from "../random-bytes.ts";

const bytesMax = BigInt(limits.randomBytesMax);

/** At least one byte and at most as many as asked for: the guest asks again for the rest. */
function someRandomBytes({ random }: WasiContext, lengthMax: bigint): Uint8Array {
  return random.bytes(Number(lengthMax < bytesMax ? lengthMax : bytesMax));
}

/** wasi:random@0.3; what is called insecure is as good as the rest. */
export const randomInterfaces03: readonly HostInterface<WasiContext>[] = [
  {
    name: "wasi:random/random",
    version: final03,
    functions: { "get-random-bytes": someRandomBytes, "get-random-u64": randomU64 },
    suspending: new Set(),
    resources: {},
  },
  {
    name: "wasi:random/insecure",
    version: final03,
    functions: {
      "get-insecure-random-bytes": someRandomBytes,
      "get-insecure-random-u64": randomU64,
    },
    suspending: new Set(),
    resources: {},
  },
  {
    name: "wasi:random/insecure-seed",
    version: final03,
    functions: {
      "get-insecure-seed": (context: WasiContext) => [randomU64(context), randomU64(context)],
    },
    suspending: new Set(),
    resources: {},
  },
];
