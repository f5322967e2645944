/**
 * `npm run cluster:up`: a Kubernetes cluster on this machine with the chart installed and the runtime
 * of this repository on its nodes. `--bare`: without both, as docs/install.md begins; `--nodes 2`. Its
 * registry has the project's images and what the samples run. It stays up until `npm run cluster:down`.
 */
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { kubernetesTool } from "../servers/kubernetes-tools.ts";
import { clusterFiles, clusterFolder, runningCluster } from "./cluster-state.ts";
import { clusterObstacle, prepareClusterTier } from "./prepare.ts";

const { values } = parseArgs({
  options: { bare: { type: "boolean", default: false }, nodes: { type: "string", default: "1" } },
});
const obstacle = clusterObstacle();
if (obstacle !== undefined) {
  console.error(`no cluster can run here: ${obstacle}`);
  process.exitCode = 1;
} else if (runningCluster() !== undefined) {
  console.log(`A cluster is up already: export KUBECONFIG=${clusterFiles.kubeconfig}`);
} else {
  prepareClusterTier();
  await start();
  const kubectl = kubernetesTool("kubectl");
  console.log(`export KUBECONFIG=${clusterFiles.kubeconfig}`);
  console.log(`export PATH=${kubectl.slice(0, kubectl.lastIndexOf("/"))}:$PATH`);
}

async function start(): Promise<void> {
  mkdirSync(clusterFolder, { recursive: true });
  rmSync(clusterFiles.state, { force: true });
  const log = openSync(clusterFiles.log, "w");
  const keeper = spawn(
    process.execPath,
    [
      fileURLToPath(new URL("keep.ts", import.meta.url)),
      values.bare ? "bare" : "whole",
      values.nodes,
    ],
    { detached: true, stdio: ["ignore", log, log] },
  );
  keeper.unref();
  closeSync(log);
  let shown = 0;
  while (!existsSync(clusterFiles.state)) {
    const said = readFileSync(clusterFiles.log, "utf8");
    if (keeper.exitCode !== null) throw new Error(`the cluster does not start:\n${said}`);
    process.stderr.write(said.slice(shown));
    shown = said.length;
    await delay(100);
  }
}
