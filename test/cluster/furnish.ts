import { ClusterClient } from "./cluster-client.ts";
import type { LocalCluster } from "./local-cluster.ts";
import { pushImages } from "./push-images.ts";
import { sampleImages } from "./sample-images.ts";

/** Apps of wasm-apps/ under the names that the samples have. */
const apps = [
  ["hello-rust", "hello:1"],
  ["hello-rust", "hello:2"],
  ["http-rust", "http:1"],
  ["command-rust", "command:1"],
  ["static-site-rust", "static-site:1"],
  ["spin2-rust", "spin2:1"],
  ["chat-completion-rust", "chat-completion:1"],
] as const;

/** Fills the cluster's registry: the project's own images, and what the samples run. */
export async function furnish(
  cluster: LocalCluster,
  say: (line: string) => void = console.log,
): Promise<ClusterClient> {
  const client = new ClusterClient(cluster.access);
  say("building the images of operator and agent");
  await pushImages(cluster.registry.host, ["operator", "agent"]);
  say("pushing what the samples run");
  await cluster.pushImages(sampleImages());
  for (const [app, name] of apps) client.pushApp(app, name);
  return client;
}
