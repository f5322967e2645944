import { inject } from "vitest";
import { ClusterClient } from "./cluster-client.ts";

/** The cluster of the tier; see global-setup.ts. */
export function sharedCluster(): ClusterClient {
  return new ClusterClient(inject("cluster"));
}
