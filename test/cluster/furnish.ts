import type { ImageName } from "../../deploy/image/programs.ts";
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

export interface FurnishOptions {
  readonly images?: readonly ImageName[];
  /** Told what is being done. */
  readonly say?: (line: string) => void;
}

/** Fills the cluster's registry: the project's own images, and what the samples run. */
export async function furnish(
  cluster: LocalCluster,
  options: FurnishOptions = {},
): Promise<ClusterClient> {
  const { images = ["operator", "agent"], say = console.log } = options;
  const client = new ClusterClient(cluster.access);
  say(`building images: ${images.join(", ")}`);
  await pushImages(cluster.registry.host, images);
  say("pushing what the samples run");
  await cluster.pushImages(sampleImages());
  for (const [app, name] of apps) client.pushApp(app, name);
  return client;
}
