import { WhorlError } from "../error.ts";
import type { WasiContext } from "./context.ts";

/** A context for a warm-up (instance/instance-pool.ts), and what the guest was given by it. */
export interface WarmContext {
  readonly context: WasiContext;
  /** `random numbers`, `the time`: what would be the same in every instance from then on. */
  asked(): readonly string[];
}

/**
 * A context that shows a guest what `context` does of itself, but nothing of the outside world: no
 * files, no sockets, no outgoing requests.
 */
export function warmContext(context: WasiContext): WarmContext {
  const asked = new Set<string>();
  const noted = <T>(what: string, value: T): T => {
    asked.add(what);
    return value;
  };
  const { clocks, random } = context;
  return {
    asked: () => [...asked],
    context: {
      ...context,
      clocks: {
        monotonicNs: () => noted("the time", clocks.monotonicNs()),
        wallNs: () => noted("the time", clocks.wallNs()),
      },
      random: { bytes: (length) => noted("random numbers", random.bytes(length)) },
      filesystem: { preopens: [] },
      sockets: { isAllowed: () => false, nameLookup: false },
      http: {
        isAllowed: () => false,
        selfOrigin: undefined,
        dispatcher() {
          throw new WhorlError("limit", "nothing is sent while a component is warmed up");
        },
      },
    },
  };
}
