import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";

/** wasi:cli/environment. The guest's working directory is the root of what it sees: none is set. */
export const environment: HostInterface<WasiContext> = {
  name: "wasi:cli/environment",
  version: "0.2.12",
  functions: {
    "get-environment": (context: WasiContext) => context.cli.environment,
    "get-arguments": (context: WasiContext) => context.cli.arguments,
    "initial-cwd": () => undefined,
  },
  suspending: new Set(),
  resources: {},
};
