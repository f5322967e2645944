/** The process behind `npm run cluster:up`: holds the cluster until it is told to end. */
import { rmSync, writeFileSync } from "node:fs";
import { clusterFiles, processStart } from "./cluster-state.ts";
import { furnish } from "./furnish.ts";
import { install, withoutAgent } from "./install-chart.ts";
import { LocalCluster } from "./local-cluster.ts";

const ended = new Promise<void>((resolve) => {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, resolve);
});
const [mode = "", nodes = "1"] = process.argv.slice(2);
const isBare = mode === "bare";
try {
  console.log("starting the control plane and the nodes");
  await using cluster = await LocalCluster.start({
    nodes: Number(nodes),
    handlers: isBare ? [] : ["whorl", "spin"],
  });
  const client = await furnish(cluster);
  if (!isBare) {
    console.log("installing the chart");
    install(client, "install", withoutAgent);
  }
  const { pid } = process;
  const access = { ...cluster.access, kubeconfig: clusterFiles.kubeconfig };
  const state = { pid, started: processStart(pid), access };
  writeFileSync(clusterFiles.kubeconfig, cluster.server.kubeConfig().exportConfig());
  writeFileSync(clusterFiles.state, JSON.stringify(state));
  await ended;
} finally {
  rmSync(clusterFiles.state, { force: true });
  rmSync(clusterFiles.kubeconfig, { force: true });
}
