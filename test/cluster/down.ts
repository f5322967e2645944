/** `npm run cluster:down`: takes down what `npm run cluster:up` has started. */
import { setTimeout as delay } from "node:timers/promises";
import { processStart, runningCluster } from "./cluster-state.ts";

const cluster = runningCluster();
if (cluster === undefined) {
  console.log("No cluster is up.");
} else {
  process.kill(cluster.pid, "SIGTERM");
  while (processStart(cluster.pid) === cluster.started) await delay(50);
  console.log("The cluster is down.");
}
