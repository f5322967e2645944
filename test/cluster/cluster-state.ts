import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ClusterAccess } from "./cluster-client.ts";

/** What `npm run cluster:up` leaves for others to read. */
export interface ClusterState {
  /** Process that holds the cluster: it takes it down when it is told to end. */
  readonly pid: number;
  /** Its start time, as /proc has it: numbers of processes are used again. */
  readonly started: string;
  readonly access: ClusterAccess;
}

export const clusterFolder: string = fileURLToPath(
  new URL("../../.cache/cluster", import.meta.url),
);
export const clusterFiles = {
  state: join(clusterFolder, "state.json"),
  kubeconfig: join(clusterFolder, "kubeconfig"),
  log: join(clusterFolder, "cluster.log"),
} as const;

/** The cluster that is up, undefined where there is none. */
export function runningCluster(): ClusterState | undefined {
  if (!existsSync(clusterFiles.state)) return undefined;
  const state = JSON.parse(readFileSync(clusterFiles.state, "utf8")) as ClusterState;
  return processStart(state.pid) === state.started ? state : undefined;
}

/** When a process was started, in the kernel's ticks; undefined where it has ended. */
export function processStart(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
