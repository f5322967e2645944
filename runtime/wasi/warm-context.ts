import { WhorlError } from "../error.ts";
import type { WasiContext } from "./context.ts";
import { StandardInput, StandardOutput } from "./io/standard-streams.ts";

/** A context for a warm-up (instance/instance-pool.ts), and what the guest was given by it. */
export interface WarmContext {
  readonly context: WasiContext;
  /**
   * What would be the same in every instance from then on (`random numbers`, `the time`), and what
   * of the outside world was asked for, in vain.
   */
  asked(): readonly WarmAsked[];
}

export type WarmAsked = "random numbers" | "the time" | "files" | "the network";

/**
 * A context that shows a guest what `context` does of itself, but nothing of the outside world: no
 * files, no sockets, no outgoing requests. What the guest keeps of its stdin, stdout and stderr is
 * that of each instance from then on.
 */
export function warmContext(context: WasiContext): WarmContext {
  const asked = new Set<WarmAsked>();
  const noted = <T>(what: WarmAsked, value: T): T => {
    asked.add(what);
    return value;
  };
  const { cli, clocks, random, filesystem, sockets } = context;
  return {
    asked: () => [...asked],
    context: {
      ...context,
      cli: {
        ...cli,
        stdin: () => new StandardInput(cli.stdin()),
        stdout: () => new StandardOutput("stdout", cli.stdout()),
        stderr: () => new StandardOutput("stderr", cli.stderr()),
      },
      clocks: {
        monotonicNs: () => noted("the time", clocks.monotonicNs()),
        wallNs: () => noted("the time", clocks.wallNs()),
      },
      random: { bytes: (length) => noted("random numbers", random.bytes(length)) },
      filesystem: {
        get preopens() {
          // A guest that has no files anyway may remember that.
          return filesystem.preopens.length === 0 ? [] : noted("files", []);
        },
      },
      sockets: {
        isAllowed: () => noted("the network", false),
        get nameLookup() {
          return sockets.nameLookup && noted("the network", false);
        },
      },
      http: {
        isAllowed: () => noted("the network", false),
        selfOrigin: undefined,
        dispatcher() {
          throw new WhorlError("limit", "nothing is sent while a component is warmed up");
        },
      },
    },
  };
}
