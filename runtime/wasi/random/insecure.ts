import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import { randomBytes, randomU64 } from "./random-bytes.ts";

/** wasi:random/insecure; as good as the secure one, which is fast enough. */
export const insecure: HostInterface<WasiContext> = {
  name: "wasi:random/insecure",
  version: "0.2.12",
  functions: {
    "get-insecure-random-bytes": randomBytes,
    "get-insecure-random-u64": randomU64,
  },
  suspending: new Set(),
  resources: {},
};
