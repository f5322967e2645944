import type { Health } from "../../runtime/telemetry/admin/console-api.ts";
import type { SpinApp } from "../api/spin-app.ts";
import type { Condition } from "../kube/object.ts";

/** How an app is, in a word and a sentence. */
export interface AppHealth {
  readonly health: Health;
  /** `""` where there is nothing to say. */
  readonly healthReason: string;
}

/** Not ready, but nothing is wrong. */
const onTheWay = new Set(["Starting", "Progressing"]);

/** In a list the app's name says enough, and the pod's is in the way of the reason. */
const podName = /^pod [a-z0-9.-]+: /u;

/** How an app is, as its conditions say: pure. */
export function appHealth({ metadata, status }: SpinApp): AppHealth {
  if (metadata.deletionTimestamp !== undefined) return pending("it is being deleted");
  const ready = conditionOf(status?.conditions, "Ready");
  if (ready === undefined || ready.status === "Unknown") {
    return pending("the operator has not looked at it yet");
  }
  const seen = ready.observedGeneration ?? status?.observedGeneration ?? 0;
  if (seen < (metadata.generation ?? 0)) return pending("its newest version is being rolled out");
  return ready.status === "True" ? readyHealth(ready) : unreadyHealth(ready, status);
}

/** The condition of a type. */
export function conditionOf(
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

function readyHealth({ reason, message }: Condition): AppHealth {
  const isStill = reason === "ScaledToZero" || reason === "Completed";
  // How many pods are ready is shown anyway; what follows it is advice.
  const advice = reason === "AppReady" ? message.split("; ").slice(1).join("; ") : message;
  return { health: isStill ? "idle" : "healthy", healthReason: advice };
}

function unreadyHealth(ready: Condition, status: SpinApp["status"]): AppHealth {
  const { reason } = ready;
  const message = ready.message.replace(podName, "");
  const isStuck = conditionOf(status?.conditions, "Stalled")?.status === "True";
  if (reason === "Running") return { health: "healthy", healthReason: message };
  if (onTheWay.has(reason) && !isStuck) return pending(message);
  const isServed = (status?.readyReplicas ?? 0) > 0;
  return { health: isServed ? "degraded" : "failing", healthReason: message };
}

function pending(healthReason: string): AppHealth {
  return { health: "pending", healthReason };
}
