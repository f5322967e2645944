import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";

/** wasi:cli/terminal-input: its resource says that there is a terminal, and can do nothing else. */
export const terminalInput: HostInterface<WasiContext> = {
  name: "wasi:cli/terminal-input",
  version: "0.2.12",
  functions: {},
  suspending: new Set(),
  resources: { "terminal-input": {} },
};
