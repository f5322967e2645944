import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";

/** wasi:cli/terminal-stderr: a terminal-output if stderr is a terminal. */
export const terminalStderr: HostInterface<WasiContext> = {
  name: "wasi:cli/terminal-stderr",
  version: "0.2.12",
  functions: {
    "get-terminal-stderr": (context: WasiContext) => (context.cli.terminal.stderr ? {} : undefined),
  },
  suspending: new Set(),
  resources: {},
};
