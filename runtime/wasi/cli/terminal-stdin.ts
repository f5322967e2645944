import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";

/** wasi:cli/terminal-stdin: a terminal-input if stdin is a terminal. */
export const terminalStdin: HostInterface<WasiContext> = {
  name: "wasi:cli/terminal-stdin",
  version: "0.2.12",
  functions: {
    "get-terminal-stdin": (context: WasiContext) => (context.cli.terminal.stdin ? {} : undefined),
  },
  suspending: new Set(),
  resources: {},
};
