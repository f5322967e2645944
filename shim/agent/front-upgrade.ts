import { dirname } from "node:path";
import { errorText } from "../error.ts";
import type { HostCommands } from "./host-command.ts";
import type { FrontState } from "./next-step.ts";
import type { NodeFiles } from "./node-files.ts";
import type { NodePaths } from "./node-paths.ts";
import { livingFront } from "./node-processes.ts";

/**
 * Lets the current version's front take over from the running one, without a container noticing.
 * Gives false where it stays as it is.
 */
export type FrontUpgrade = (front: FrontState, signal: AbortSignal) => Promise<boolean>;

/** The front becomes the next version's program itself; this only asks it to. */
const askFront = 'WHORL_RUN_DIR="$1" exec "$2" upgrade';

/** By the shim's own command, as install-layout.ts describes it. */
export function frontUpgrade(parts: {
  readonly commands: HostCommands;
  readonly files: NodeFiles;
  readonly paths: NodePaths;
  readonly log: (message: string) => void;
}): FrontUpgrade {
  const { commands, files, paths, log } = parts;
  return async (front) => {
    const isThere = livingFront(files.read(paths.frontPid)) !== undefined;
    if (front.kind === "none" || !isThere) return true;
    try {
      const folder = dirname(paths.frontPid);
      await commands.run("/bin/sh", "-c", askFront, "sh", folder, paths.shim);
      return true;
    } catch (error) {
      log(`the front stays as it is for now: ${errorText(error)}`);
      return false;
    }
  };
}
