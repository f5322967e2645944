import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import { randomBytes, randomU64 } from "./random-bytes.ts";

/** wasi:random/random. */
export const random: HostInterface<WasiContext> = {
  name: "wasi:random/random",
  version: "0.2.12",
  functions: { "get-random-bytes": randomBytes, "get-random-u64": randomU64 },
  suspending: new Set(),
  resources: {},
};
