import type { Passed, SpinApp, SpinAppSpec } from "../api/spin-app.ts";
import { childMeta, controllerReference } from "./manifest.ts";
import type { Manifest } from "./manifest.ts";
import { podSelector, podTemplate } from "./pod-template.ts";
import type { PodInput } from "./pod-template.ts";

/** The Deployment of an app, which has the app's name. Throws as {@link podTemplate} does. */
export function deployment(input: Omit<PodInput, "serves">): Manifest {
  const { app } = input;
  const annotations = app.spec.deploymentAnnotations ?? {};
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: childMeta(app, { annotations, ownerReferences: [controllerReference(app)] }),
    spec: {
      ...replicas(app.spec),
      selector: { matchLabels: podSelector(app) },
      // Also when empty: spin-operator's manifests have it, and so its field set stays the same.
      strategy: app.spec.strategy ?? {},
      template: podTemplate({ ...input, serves: true }),
    },
  };
}

/** Whether somebody else, such as an autoscaler, sets the number of pods. */
export function isAutoscaled({ enableAutoscaling, autoscaling }: SpinAppSpec): boolean {
  return enableAutoscaling === true || autoscaling !== undefined;
}

function replicas(spec: SpinAppSpec): Passed {
  return isAutoscaled(spec) ? {} : { replicas: spec.replicas ?? 1 };
}

/** The label selector of the app's pods as text, for autoscalers. */
export function selectorText(app: SpinApp): string {
  return Object.entries(podSelector(app))
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}
