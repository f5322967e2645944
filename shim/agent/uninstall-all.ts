import { ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import type { KubeClient } from "./kube-client.ts";
import { ignoring } from "./node-slots.ts";
import { conditionType, type KubeNodeObject, versionLabel } from "./node-report.ts";
import { pause } from "./pause.ts";
import { uninstallAnnotation } from "./uninstall-wish.ts";

export interface UninstallAllOptions {
  readonly client: KubeClient;
  readonly daemonSet: { readonly namespace: string; readonly name: string };
  readonly isForced: boolean;
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/**
 * Lets every node's agent take its node back, and waits until all have done so. What cannot be done
 * in time leaves the cluster as it was. Without agents there is nobody to ask: then no node may have
 * anything, unless it is forced.
 * @throws ShimError `failed_precondition`, naming the nodes that are left and why
 */
export async function uninstallAll(options: UninstallAllOptions): Promise<void> {
  const { client, daemonSet, isForced, signal } = options;
  const path = `/apis/apps/v1/namespaces/${daemonSet.namespace}/daemonsets/${daemonSet.name}`;
  const annotate = (value: string | null): Promise<object | undefined> => {
    const patch = { metadata: { annotations: { [uninstallAnnotation]: value } } };
    return ignoring("not_found", client.patch<object>(path, patch));
  };
  if ((await annotate(isForced ? "force" : "true")) === undefined) {
    if (!isForced) await expectNothingLeft(options);
    return;
  }
  try {
    await untilRemoved(options);
  } catch (error) {
    await annotate(null);
    signal.throwIfAborted();
    throw error;
  }
}

async function expectNothingLeft({ client, daemonSet }: UninstallAllOptions): Promise<void> {
  const nodes = await installedNodes(client);
  if (nodes.length === 0) return;
  const names = nodes.slice(0, namedMax).map(({ metadata }) => metadata.name);
  throw new ShimError(
    "failed_precondition",
    `there is no DaemonSet ${daemonSet.namespace}/${daemonSet.name} whose agents could take back ` +
      `what is installed on ${nodes.length} nodes (${names.join(", ")}). Bring it back first ` +
      `(helm upgrade), or leave the nodes as they are (helm uninstall --no-hooks)`,
  );
}

async function untilRemoved({ client, waitMs, signal }: UninstallAllOptions): Promise<void> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    signal.throwIfAborted();
    const nodes = await installedNodes(client);
    if (nodes.length === 0) return;
    if (performance.now() > deadline) throw notRemoved(nodes);
    await pause(shimLimits.agent.retryMs.first, signal);
  }
}

async function installedNodes(client: KubeClient): Promise<readonly KubeNodeObject[]> {
  const { items } = await client.get<{ readonly items: readonly KubeNodeObject[] }>(
    `/api/v1/nodes?labelSelector=${encodeURIComponent(versionLabel)}`,
  );
  return items;
}

/** Nodes that a message names. */
const namedMax = 20;

function notRemoved(nodes: readonly KubeNodeObject[]): ShimError {
  const lines = nodes.slice(0, namedMax).map(({ metadata, status }) => {
    const condition = status?.conditions?.find(({ type }) => type === conditionType);
    // An agent that has heard of it says no longer that the node works.
    const isHeard = condition !== undefined && condition.status !== "True";
    return `  ${metadata.name}: ${isHeard ? condition.message : "no agent answers there"}`;
  });
  const more = nodes.length > lines.length ? `\n  and ${nodes.length - lines.length} more` : "";
  return new ShimError(
    "failed_precondition",
    `${nodes.length} nodes could not be taken back; nothing is uninstalled:\n${lines.join("\n")}${more}`,
  );
}
