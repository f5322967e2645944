import type { KubeClient } from "../../operator/kube/client.ts";
import type { KubeObject } from "../../operator/kube/object.ts";
import type { ResourceType } from "../../operator/kube/resource.ts";

interface Conditional extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/**
 * Resolves as soon as this condition holds for that many objects of the default namespace, by one
 * watch: `kubectl wait` asks for one object after the other, for seconds when there are a hundred.
 */
export async function untilAll<T extends Conditional>(
  client: KubeClient,
  type: ResourceType<T>,
  wanted: { readonly condition: string; readonly count: number; readonly signal: AbortSignal },
): Promise<void> {
  const { condition, count, signal } = wanted;
  const found = new Set<string>();
  const note = ({ metadata, status }: Conditional): void => {
    const holds = status?.conditions?.some(
      (each) => each.type === condition && each.status === "True",
    );
    if (holds) found.add(metadata.name);
    else found.delete(metadata.name);
  };
  const { items, metadata } = await client.list(type, { namespace: "default", signal });
  for (const item of items) note(item);
  if (found.size === count) return;
  const { resourceVersion } = metadata;
  for await (const event of client.watch(type, { namespace: "default", resourceVersion, signal })) {
    if (event.type !== "BOOKMARK") note(event.object);
    if (found.size === count) return;
  }
  throw new Error(`the watch ended with ${found.size} of ${count} ${condition}`);
}
