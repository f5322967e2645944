import type { ClusterClient } from "./cluster-client.ts";
import { pushImages } from "./push-images.ts";

/** A version of the agent after the one that is installed. */
export const nextVersion = "99.0.0";

/** What the chart is told so that nodes get the next version. */
export const withNextAgent: readonly string[] = [`agent.image.tag=${nextVersion}`];

/** Builds the next version and puts it into the cluster's registry. */
export async function pushNextAgent({ access }: ClusterClient): Promise<void> {
  await pushImages(access.registry, ["agent"], nextVersion);
}

/** The program in which the front of each node runs, as its agent sees it. */
export function frontPrograms(cluster: ClusterClient): readonly string[] {
  const system = (...args: readonly string[]): string => cluster.kubectl("-n", "whorl", ...args);
  const agents = system("get", "pods", "-l", "app.kubernetes.io/component=agent", "-o", "name");
  return agents
    .trim()
    .split("\n")
    .map((pod) => system("exec", pod, "--", "/opt/whorl-node/node", "-p", readFront).trim());
}

const readFront =
  'const [pid] = fs.readFileSync("/host/run/whorl/front.pid", "utf8").split(" "); fs.readlinkSync(`/proc/${pid}/exe`)';
