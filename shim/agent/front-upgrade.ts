import { dirname } from "node:path";
import { errorText } from "../error.ts";
import type { HostCommands } from "./host-command.ts";
import type { FrontState } from "./next-step.ts";
import type { NodeFiles } from "./node-files.ts";
import type { NodePaths } from "./node-paths.ts";
import { livingFront } from "./node-processes.ts";

/**
 * Lets the current version's front take over from the running one, without a container noticing.
 * Gives false where it stays as it is: it then serves until the node's last Wasm pod is gone.
 */
export type FrontUpgrade = (front: FrontState, signal: AbortSignal) => Promise<boolean>;

/**
 * Joins the cgroups of the process that is its first argument, then becomes what follows the second
 * one, the front's folder: the new front must not end with the agent's pod.
 */
const inCgroupsOf = `while IFS=: read -r _ controllers path; do
  case $controllers in
    '') folder=/sys/fs/cgroup ;;
    name=*) folder=/sys/fs/cgroup/\${controllers#name=} ;;
    *) folder=/sys/fs/cgroup/$controllers ;;
  esac
  [ -w "$folder$path/cgroup.procs" ] && echo $$ >"$folder$path/cgroup.procs" 2>/dev/null
done <"/proc/$1/cgroup"
export WHORL_RUN_DIR="$2"
shift 2
exec "$@"`;

/** By the shim's own command, as install-layout.ts describes it. */
export function frontUpgrade(parts: {
  readonly commands: HostCommands;
  readonly files: NodeFiles;
  readonly paths: NodePaths;
  readonly log: (message: string) => void;
}): FrontUpgrade {
  const { commands, files, paths, log } = parts;
  return async (front) => {
    const pid = livingFront(files.read(paths.frontPid));
    if (front.kind === "none" || pid === undefined) return true;
    try {
      const shell = ["-c", inCgroupsOf, "sh", String(pid), dirname(paths.frontPid)];
      await commands.run("/bin/sh", ...shell, paths.shim, "upgrade");
      return true;
    } catch (error) {
      log(`the front stays as it is until its last pod is gone: ${errorText(error)}`);
      return false;
    }
  };
}
