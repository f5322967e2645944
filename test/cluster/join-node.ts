import { readFileSync } from "node:fs";
import { ip, NodeMachine } from "../servers/node-machine.ts";
import type { ClusterAccess } from "./cluster-client.ts";
import { nodePlace } from "./cluster-network.ts";
import { nodePrograms } from "./local-cluster.ts";

/**
 * One more machine for a cluster that runs; its kubelet takes the Node of this name, whoever has made
 * it. Resolves when its containerd answers. The Node stays when the machine is disposed.
 */
export async function joinNode(access: ClusterAccess, name: string): Promise<AsyncDisposable> {
  const { registry, kubeconfig, nodes, network } = access;
  const place = nodePlace(network.gateway, { number: nodes.length + 1, name });
  await using stack = new AsyncDisposableStack();
  ip("route", "add", place.pods, "via", place.address, "dev", network.bridge);
  stack.defer(() => ip("route", "del", place.pods));
  stack.use(
    await NodeMachine.start({
      place,
      programs: nodePrograms([]),
      registry,
      kubeconfig: readFileSync(kubeconfig, "utf8"),
      handlers: [],
      bridge: network.bridge,
    }),
  );
  return stack.move();
}
