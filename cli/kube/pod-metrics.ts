import { CoreV1Api } from "@kubernetes/client-node";
import type { V1Pod } from "@kubernetes/client-node";
import { WhorlError } from "../../runtime/error.ts";
import { prometheusAddress } from "../../runtime/telemetry/metrics/prometheus-address.ts";
import type { MetricsTarget } from "../top/fleet-source.ts";
import { appLabel, findPods } from "./app-pods.ts";
import { clusterError, type KubeSession } from "./kube-session.ts";

/** A running pod that offers metrics. */
export interface OfferingPod {
  readonly name: string;
  /** Where it runs. */
  readonly node: string;
  readonly port: number;
}

/**
 * Running pods of the namespace's apps, or of one of them, that offer metrics. Rejects with
 * WhorlError `cluster` where there is no such pod or the API server refuses, `usage` where none of
 * them offers metrics.
 */
export async function offeringPods(
  session: KubeSession,
  app: string | undefined,
): Promise<OfferingPod[]> {
  const fieldSelector = "status.phase=Running";
  const pods = await findPods({ app, labelSelector: appLabel, fieldSelector }, session);
  const found = pods.flatMap((pod): OfferingPod[] => {
    const name = pod.metadata?.name ?? "";
    const port = metricsPort(pod);
    return port === undefined ? [] : [{ name, node: pod.spec?.nodeName ?? "", port }];
  });
  if (found.length > 0) return found;
  throw new WhorlError(
    "usage",
    `none of the ${pods.length} pods offers metrics: set telemetry.metricsPort in the spec of the ` +
      "SpinApp, or the variable OTEL_METRICS_EXPORTER=prometheus of the app",
  );
}

/**
 * What {@link offeringPods} finds, each read through the API server, with the rights of who asks
 * (`pods/proxy`).
 */
export async function podTargets(
  session: KubeSession,
  app: string | undefined,
): Promise<MetricsTarget[]> {
  const { config, namespace } = session;
  const api = config.makeApiClient(CoreV1Api);
  return (await offeringPods(session, app)).map(({ name, port }) => ({
    name,
    read: () => readPod(api, { name, namespace, port }),
  }));
}

interface PodPort {
  readonly name: string;
  readonly namespace: string;
  readonly port: number;
}

async function readPod(api: CoreV1Api, { name, namespace, port }: PodPort): Promise<string> {
  try {
    const target = { name: `${name}:${port}`, namespace, path: "metrics" };
    return await api.connectGetNamespacedPodProxyWithPath(target);
  } catch (error) {
    throw clusterError(error, `read the metrics of pod ${name}`);
  }
}

/** Where its variables say so; values that are not written there are not known here. */
function metricsPort(pod: V1Pod): number | undefined {
  for (const { env = [] } of pod.spec?.containers ?? []) {
    const variables = Object.fromEntries(env.map(({ name, value }) => [name, value]));
    const address = prometheusAddress(variables, "");
    if (address !== undefined) return address.port;
  }
  return undefined;
}
