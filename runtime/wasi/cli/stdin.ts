import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";

/** wasi:cli/stdin; each call makes a stream of its own over the same stdin. */
export const stdin: HostInterface<WasiContext> = {
  name: "wasi:cli/stdin",
  version: "0.2.12",
  functions: { "get-stdin": (context: WasiContext) => context.cli.stdin() },
  suspending: new Set(),
  resources: {},
};
