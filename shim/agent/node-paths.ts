import { join } from "node:path";
import { installLayout } from "../install-layout.ts";

/** Places on the node that the agent writes to. */
export interface NodePaths {
  readonly install: string;
  /** Link to the folder of the version that new containers get. */
  readonly current: string;
  /** What containerd is told to execute. */
  readonly shim: string;
  readonly journal: string;
  readonly lock: string;
  readonly backups: string;
  readonly canaryLogs: string;
  readonly frontPid: string;
  readonly frontSocket: string;
}

/** Below `install` for what the agent has, below `run` for what the front has. */
export function nodePaths(install: string, run: string): NodePaths {
  const own = join(install, "agent");
  return {
    install,
    current: join(install, "current"),
    shim: join(install, "current", installLayout.shim),
    journal: join(own, "journal.json"),
    lock: join(own, "lock"),
    backups: join(own, "backup"),
    canaryLogs: join(own, "canary"),
    frontPid: join(run, "front.pid"),
    frontSocket: join(run, "front.sock"),
  };
}

/** Names in the install folder that are no versions. */
export const reservedNames: ReadonlySet<string> = new Set(["current", "agent"]);
