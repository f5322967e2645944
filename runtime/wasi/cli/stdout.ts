import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";

/** wasi:cli/stdout; each call makes a stream of its own over the same stdout. */
export const stdout: HostInterface<WasiContext> = {
  name: "wasi:cli/stdout",
  version: "0.2.12",
  functions: { "get-stdout": (context: WasiContext) => context.cli.stdout() },
  suspending: new Set(),
  resources: {},
};
