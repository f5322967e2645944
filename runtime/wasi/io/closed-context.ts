import { WhorlError } from "../../error.ts";
import { hostClocks } from "../clocks/host-clocks.ts";
import type { WasiContext } from "../context.ts";
import { hostRandom } from "../random/host-random.ts";
import { emptyInputStream, nullOutputStream } from "./memory-streams.ts";

/**
 * A context that grants nothing but the time and random numbers; `granted` replaces whole groups
 * of it.
 */
export function closedContext(granted: Partial<WasiContext> = {}): WasiContext {
  return {
    cli: {
      environment: [],
      arguments: [],
      stdin: () => emptyInputStream,
      stdout: () => nullOutputStream,
      stderr: () => nullOutputStream,
      terminal: { stdin: false, stdout: false, stderr: false },
    },
    clocks: hostClocks(),
    random: hostRandom(),
    filesystem: { preopens: [] },
    sockets: { isAllowed: () => false, nameLookup: false },
    http: { isAllowed: () => false, selfOrigin: undefined, dispatcher: noDispatcher },
    ...granted,
  };
}

/** Not reached: every request is refused before. */
function noDispatcher(): never {
  throw new WhorlError("unsupported", "this context has no network; grant it an HttpContext");
}
