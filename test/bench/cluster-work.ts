import { readExposition } from "../../runtime/telemetry/metrics/read-exposition.ts";
import type { ClusterClient } from "../cluster/cluster-client.ts";

/** What a cluster has done so far: requests answered, and processor time. */
export interface ClusterWork {
  readonly requests: number;
  readonly apiServerS: number;
  readonly kubeletS: number;
}

/** As the API server and the only node's kubelet count it themselves. */
export function clusterWork(cluster: ClusterClient): ClusterWork {
  const apiServer = cluster.kubectl("get", "--raw", "/metrics");
  const node = cluster.kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}");
  const kubelet = cluster.kubectl("get", "--raw", `/api/v1/nodes/${node}/proxy/metrics`);
  return {
    requests: sum(apiServer, "apiserver_request_total"),
    apiServerS: sum(apiServer, "process_cpu_seconds_total"),
    kubeletS: sum(kubelet, "process_cpu_seconds_total"),
  };
}

/** What it has done since then. */
export function workSince(before: ClusterWork, cluster: ClusterClient): ClusterWork {
  const now = clusterWork(cluster);
  return {
    requests: now.requests - before.requests,
    apiServerS: now.apiServerS - before.apiServerS,
    kubeletS: now.kubeletS - before.kubeletS,
  };
}

/** Of all series of a metric. */
function sum(exposition: string, metric: string): number {
  return readExposition(exposition)
    .filter(({ name }) => name === metric)
    .reduce((total, { value }) => total + value, 0);
}
