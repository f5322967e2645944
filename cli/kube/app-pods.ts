import { CoreV1Api } from "@kubernetes/client-node";
import type { V1Pod } from "@kubernetes/client-node";
import { setTimeout as delay } from "node:timers/promises";
import { WhorlError } from "../../runtime/error.ts";
import { clusterError } from "./kube-session.ts";
import type { KubeSession } from "./kube-session.ts";
import { getApp } from "./spin-apps.ts";

/** Which pods are meant: those of an app, or what selectors find. */
export interface PodChoice {
  readonly app: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** Label that the pods of an app have. */
export const appLabel = "core.spinkube.dev/app-name";
const pollMs = 500;

/**
 * The pods that are meant, those that are ready first.
 * @throws WhorlError `cluster` if there is no such app, or it has no pods.
 */
export async function findPods(choice: PodChoice, session: KubeSession): Promise<V1Pod[]> {
  const { config, namespace } = session;
  if (choice.app !== undefined) await getApp(choice.app, session);
  const own = choice.app === undefined ? [] : [`${appLabel}=${choice.app}`];
  const selectors = [...own, ...(choice.labelSelector ? [choice.labelSelector] : [])];
  try {
    const { items } = await config.makeApiClient(CoreV1Api).listNamespacedPod({
      namespace,
      labelSelector: selectors.join(","),
      ...(choice.fieldSelector !== undefined && { fieldSelector: choice.fieldSelector }),
    });
    if (items.length > 0) return items.toSorted((a, b) => Number(isReady(b)) - Number(isReady(a)));
  } catch (error) {
    throw clusterError(error, "list pods");
  }
  const what = choice.app === undefined ? "what was selected" : `the app "${choice.app}"`;
  throw new WhorlError(
    "cluster",
    `${what} has no pods in the namespace "${namespace}"; whorl get tells why`,
  );
}

/**
 * Waits for a pod that is ready.
 * @throws WhorlError `cluster` when there is none in time.
 */
export async function waitForReadyPod(
  choice: PodChoice,
  session: KubeSession,
  timeoutMs: number,
): Promise<V1Pod> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const [first] = await findPods(choice, session);
    if (first !== undefined && isReady(first)) return first;
    if (performance.now() > deadline) {
      const name = first?.metadata?.name ?? "";
      throw new WhorlError(
        "cluster",
        `the pod ${name} is not ready after ${timeoutMs / 1000} s (${first?.status?.phase ?? "unknown"}); whorl logs or kubectl describe pod tells why`,
      );
    }
    await delay(pollMs);
  }
}

/** The container of the app: named as the app is, else the first one. */
export function appContainer(pod: V1Pod): string {
  const names = pod.spec?.containers.map(({ name }) => name) ?? [];
  const app = pod.metadata?.labels?.[appLabel];
  return names.find((name) => name === app) ?? names[0] ?? "";
}

function isReady({ status }: V1Pod): boolean {
  return (status?.conditions ?? []).some(
    (condition) => condition.type === "Ready" && condition.status === "True",
  );
}
