/** Before the first file of the tier: one cluster for all of them, with the chart installed. */
import type { TestProject } from "vitest/node";
import type { ClusterAccess } from "./cluster-client.ts";
import { furnish } from "./furnish.ts";
import { install } from "./install-chart.ts";
import { LocalCluster } from "./local-cluster.ts";

declare module "vitest" {
  export interface ProvidedContext {
    readonly cluster: ClusterAccess;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const say = (line: string): void => console.log(`cluster: ${line}`);
  if (project.name === "cluster") {
    say("a hundred apps at once, minutes of load, other projects: npm run test:cluster:all");
  }
  say("starting the control plane and two nodes");
  const cluster = await LocalCluster.start({ nodes: 2, handlers: [] });
  try {
    const client = await furnish(cluster, { say });
    say("installing the chart");
    install(client);
    project.provide("cluster", cluster.access);
  } catch (error) {
    console.error(cluster.nodes.map((node) => node.logs()).join("\n"));
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
  return async () => {
    await cluster[Symbol.asyncDispose]();
    const leftovers = cluster.leftovers();
    if (leftovers.length > 0) throw new Error(`the cluster left behind:\n${leftovers.join("\n")}`);
  };
}
