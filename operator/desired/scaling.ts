import { appNameLabel } from "../api/names.ts";
import type { Autoscaling, Passed, SpinApp } from "../api/spin-app.ts";
import { childMeta, controllerReference, present } from "./manifest.ts";
import type { Manifest } from "./manifest.ts";

const defaultCpuPercent = 80;

/** The HorizontalPodAutoscaler of an app, which has the app's name. */
export function horizontalPodAutoscaler(app: SpinApp, settings: Autoscaling): Manifest {
  const { name } = app.metadata;
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: childMeta(app, { ownerReferences: [controllerReference(app)] }),
    spec: present({
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
      minReplicas: settings.minReplicas ?? 1,
      maxReplicas: settings.maxReplicas,
      metrics: metrics(settings),
      behavior: settings.behavior,
    }),
  };
}

function metrics(settings: Autoscaling): readonly Passed[] {
  const { targetCPUUtilizationPercentage: cpu, targetMemoryUtilizationPercentage: memory } =
    settings;
  const found = [
    ...(cpu === undefined ? [] : [utilization("cpu", cpu)]),
    ...(memory === undefined ? [] : [utilization("memory", memory)]),
  ];
  return found.length === 0 ? [utilization("cpu", defaultCpuPercent)] : found;
}

function utilization(name: string, averageUtilization: number): Passed {
  const target = { type: "Utilization", averageUtilization };
  return { type: "Resource", resource: { name, target } };
}

/** The PodDisruptionBudget of an app, which has the app's name. */
export function podDisruptionBudget(app: SpinApp, settings: Passed): Manifest {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: childMeta(app, { ownerReferences: [controllerReference(app)] }),
    spec: {
      ...settings,
      selector: { matchLabels: { [appNameLabel]: app.metadata.name } },
    },
  };
}
