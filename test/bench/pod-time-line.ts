import type { KubeClient } from "../../operator/kube/client.ts";
import type { KubeObject } from "../../operator/kube/object.ts";
import { resourceType } from "../../operator/kube/resource.ts";

interface Pod extends KubeObject {
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly state?: { readonly running?: object } }[];
  };
}

const pods = resourceType<Pod>({ apiVersion: "v1", kind: "Pod", plural: "pods" });

/** What happens to a pod from its creation on, in this order. */
export const steps = ["scheduled", "sandbox", "started", "ready"] as const;

/** Milliseconds after the request to create the pod, as a watcher of pods sees them. */
export type TimeLine = Readonly<Record<(typeof steps)[number], number>>;

/** Creates pods one after the other; the time line of each. They stay. */
export async function podTimeLine(
  client: KubeClient,
  pod: KubeObject,
  timeoutMs = 60_000,
): Promise<TimeLine> {
  const { namespace = "default", name } = pod.metadata;
  const seen: Partial<Record<(typeof steps)[number], number>> = {};
  const signal = AbortSignal.timeout(timeoutMs);
  const { metadata } = await client.list(pods, { namespace, limit: 1, signal });
  const { resourceVersion } = metadata;
  const startMs = performance.now();
  await client.create(pods, pod as Pod, { signal });
  const selection = { namespace, fieldSelector: `metadata.name=${name}` };
  for await (const event of client.watch(pods, { ...selection, resourceVersion, signal })) {
    if (event.type === "BOOKMARK") continue;
    const atMs = performance.now() - startMs;
    for (const step of stepsOf(event.object)) seen[step] ??= atMs;
    if (seen.ready !== undefined) break;
  }
  const { scheduled = NaN, sandbox = NaN, started = NaN, ready = NaN } = seen;
  return { scheduled, sandbox, started, ready };
}

function stepsOf({ spec, status }: Pod): readonly (typeof steps)[number][] {
  const holds = (type: string): boolean =>
    status.conditions?.some((each) => each.type === type && each.status === "True") ?? false;
  const containers = status.containerStatuses ?? [];
  const isStarted = containers.length > 0 && containers.every(({ state }) => state?.running);
  return [
    ...(spec.nodeName === undefined ? [] : ["scheduled" as const]),
    ...(holds("PodReadyToStartContainers") ? ["sandbox" as const] : []),
    ...(isStarted ? ["started" as const] : []),
    ...(holds("Ready") ? ["ready" as const] : []),
  ];
}
