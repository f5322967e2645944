import { chartFolder } from "../../deploy/chart-files.ts";
import type { ClusterClient } from "./cluster-client.ts";

/** What the chart is told in this cluster. */
export const clusterValues: readonly string[] = [
  "imageRegistry=registry.example",
  // There is no systemd here: init starts what has ended.
  "agent.containerd.restartCommand=kill $(cat /run/containerd.pid)",
  "agent.distribution=plain",
  // Two processors for all of it.
  "operator.resources.requests.cpu=1m",
  "agent.resources.requests.cpu=1m",
];

/** Where the nodes have the runtime already. */
export const withoutAgent: readonly string[] = [
  "agent.enabled=false",
  "runtimeClasses.nodeSelector=null",
];

/** Installs or upgrades the chart with Helm, and waits until operator and nodes are ready. */
export function install(
  client: ClusterClient,
  action: "install" | "upgrade" = "install",
  more: readonly string[] = [],
): void {
  const set = [...clusterValues, ...more].flatMap((value) => ["--set", value]);
  const wait = ["--wait", "--timeout", "180s"];
  const where = ["--namespace", "whorl", "--create-namespace"];
  client.helm(action, "whorl", chartFolder, ...where, ...wait, ...set);
}
