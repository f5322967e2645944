import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";

/** wasi:cli/terminal-stdout: a terminal-output if stdout is a terminal. */
export const terminalStdout: HostInterface<WasiContext> = {
  name: "wasi:cli/terminal-stdout",
  version: "0.2.12",
  functions: {
    "get-terminal-stdout": (context: WasiContext) => (context.cli.terminal.stdout ? {} : undefined),
  },
  suspending: new Set(),
  resources: {},
};
