import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import { randomU64 } from "./random-bytes.ts";

/** wasi:random/insecure-seed. */
export const insecureSeed: HostInterface<WasiContext> = {
  name: "wasi:random/insecure-seed",
  version: "0.2.12",
  functions: {
    "insecure-seed": (context: WasiContext) => [randomU64(context), randomU64(context)],
  },
  suspending: new Set(),
  resources: {},
};
