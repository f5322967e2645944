import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";

/** wasi:cli/terminal-output: its resource says that there is a terminal, and can do nothing else. */
export const terminalOutput: HostInterface<WasiContext> = {
  name: "wasi:cli/terminal-output",
  version: "0.2.12",
  functions: {},
  suspending: new Set(),
  resources: { "terminal-output": {} },
};
