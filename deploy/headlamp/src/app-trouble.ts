import { readyCondition } from "./app-row.ts";
import { remedyOf } from "./remedies.ts";
import type { ContainerStatusJson, PodJson, SpinAppJson } from "./spin-app-json.ts";

/** Something that keeps an app from running, and what to do about it. */
export interface Trouble {
  /** The app, or the pod, that it is about. */
  readonly about: string;
  readonly reason: string;
  readonly message: string;
  readonly remedy: string;
}

/** What is wrong with an app and its pods: the app's own reason first. Nothing where all is well. */
export function troublesOf(app: SpinAppJson, pods: readonly PodJson[]): readonly Trouble[] {
  const ready = readyCondition(app);
  const troubles: Trouble[] = [];
  if (ready?.status === "False") {
    const { reason = "Unknown", message = "" } = ready;
    troubles.push({
      about: `SpinApp ${app.metadata.name}`,
      reason,
      message,
      remedy: remedyOf(reason, message),
    });
  }
  return [...troubles, ...pods.flatMap((pod) => podTroubles(pod))];
}

function podTroubles(pod: PodJson): Trouble[] {
  const { status = {} } = pod;
  const about = `Pod ${pod.metadata.name}`;
  const { initContainerStatuses = [], containerStatuses = [] } = status;
  const found = [...initContainerStatuses, ...containerStatuses].flatMap((container) =>
    containerTrouble(container).map((trouble) => ({ about, ...trouble })),
  );
  const unscheduled = status.conditions?.find(
    (each) => each.type === "PodScheduled" && each.status === "False",
  );
  if (unscheduled !== undefined) {
    found.push({ about, ...trouble(unscheduled.reason ?? "Unschedulable", unscheduled.message) });
  }
  if (found.length === 0 && status.phase === "Failed") {
    found.push({ about, ...trouble(status.reason ?? "PodFailed", status.message) });
  }
  return found;
}

type OfContainer = Omit<Trouble, "about">;

function containerTrouble({
  name,
  state = {},
  lastState = {},
}: ContainerStatusJson): OfContainer[] {
  const { waiting, terminated = lastState.terminated } = state;
  const reason = waiting?.reason ?? "";
  const isCrashing = reason === "CrashLoopBackOff" || waiting === undefined;
  if (isCrashing && terminated !== undefined && terminated.exitCode !== 0) {
    const isNow = waiting !== undefined || state.terminated !== undefined;
    if (!isNow) return [];
    const { exitCode = "unknown", message = "", reason: how } = terminated;
    const said = message.trim() === "" ? "it left no message" : message.trim();
    return [
      trouble(
        how === "OOMKilled" ? "OutOfMemory" : "AppCrashes",
        `${name}: ${said} (exit code ${exitCode})`,
      ),
    ];
  }
  if (reason === "" || passing.has(reason)) return [];
  return [trouble(reason, `${name}: ${waiting?.message ?? reason}`)];
}

/** Every pod waits for these for a moment. */
const passing: ReadonlySet<string> = new Set(["ContainerCreating", "PodInitializing"]);

function trouble(reason: string, message = ""): OfContainer {
  return { reason, message, remedy: remedyOf(reason, message) };
}
