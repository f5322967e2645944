import type { HostInterface, Result } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import { GuestExit } from "./guest-exit.ts";

/** wasi:cli/exit; both functions throw {@link GuestExit}. */
export const exit: HostInterface<WasiContext> = {
  name: "wasi:cli/exit",
  version: "0.2.12",
  functions: {
    exit(_context: WasiContext, status: Result<undefined, undefined>): never {
      throw new GuestExit(status.tag === "ok" ? 0 : 1);
    },
    "exit-with-code"(_context: WasiContext, code: number): never {
      throw new GuestExit(code);
    },
  },
  suspending: new Set(),
  resources: {},
};
