import type { KubeClient } from "../../operator/kube/client.ts";
import type { KubeObject } from "../../operator/kube/object.ts";
import { resourceType, type ResourceType } from "../../operator/kube/resource.ts";

interface Conditional extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** Deployments, as their creator waits for them. */
export const deployments = resourceType<Conditional>({
  apiVersion: "apps/v1",
  kind: "Deployment",
  plural: "deployments",
});

/** SpinApps, likewise. */
export const spinApps = resourceType<Conditional>({
  apiVersion: "core.spinkube.dev/v1alpha1",
  kind: "SpinApp",
  plural: "spinapps",
});

/**
 * Resolves as soon as this condition holds for that many objects of the default namespace, by one
 * watch: `kubectl wait` asks for one object after the other, for seconds when there are a hundred.
 */
export async function untilAll(
  client: KubeClient,
  type: ResourceType<Conditional>,
  wanted: { readonly condition: string; readonly count: number; readonly signal: AbortSignal },
): Promise<void> {
  const { condition, count, signal } = wanted;
  const found = new Set<string>();
  const note = ({ metadata, status }: Conditional): boolean => {
    const holds = status?.conditions?.some(
      (each) => each.type === condition && each.status === "True",
    );
    if (holds) found.add(metadata.name);
    else found.delete(metadata.name);
    return found.size === count;
  };
  const { items, metadata } = await client.list(type, { namespace: "default", signal });
  // Each one, whether or not some before it were the last.
  if (items.map(note).at(-1)) return;
  const { resourceVersion } = metadata;
  for await (const event of client.watch(type, { namespace: "default", resourceVersion, signal })) {
    if (event.type !== "BOOKMARK" && note(event.object)) return;
  }
  throw new Error(`the watch ended with ${found.size} of ${count} ${condition}`);
}
