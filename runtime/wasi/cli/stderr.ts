import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";

/** wasi:cli/stderr; each call makes a stream of its own over the same stderr. */
export const stderr: HostInterface<WasiContext> = {
  name: "wasi:cli/stderr",
  version: "0.2.12",
  functions: { "get-stderr": (context: WasiContext) => context.cli.stderr() },
  suspending: new Set(),
  resources: {},
};
