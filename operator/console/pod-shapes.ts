import type { Pod, PodContainer, PodMap } from "../../runtime/telemetry/admin/console-api.ts";
import { appNameLabel } from "../api/names.ts";
import { limits } from "../limits.ts";
import type { ContainerStatus, ObservedPod } from "../status/observed.ts";
import { podProblem } from "../status/pod-problem.ts";

/** Which containers are Wasm functions: by the key of the app, and the container's name. */
export type IsWasm = (app: string, container: string) => boolean;

/**
 * The pods by their nodes, each with its containers. Of more than the bound those that are not ready
 * are shown, and how many there are is told.
 */
export function podMapOf(pods: readonly ObservedPod[], isWasm: IsWasm): PodMap {
  const isTooMany = pods.length > limits.consolePodsMax;
  const shown = isTooMany ? pods.toSorted(byAttention).slice(0, limits.consolePodsMax) : pods;
  const nodes = Map.groupBy(shown, ({ spec }) => spec?.nodeName ?? "");
  return {
    nodes: [...nodes]
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, own]) => ({
        name,
        pods: own.map((pod) => podOf(pod, isWasm)).toSorted(byName),
      })),
    ...(isTooMany ? { total: pods.length } : {}),
  };
}

function byAttention(one: ObservedPod, other: ObservedPod): number {
  return Number(isReadyPod(one)) - Number(isReadyPod(other));
}

function byName(one: Pod, other: Pod): number {
  if (one.namespace !== other.namespace) return one.namespace < other.namespace ? -1 : 1;
  return one.name < other.name ? -1 : 1;
}

function podOf(pod: ObservedPod, isWasm: IsWasm): Pod {
  const { name, namespace = "", labels = {} } = pod.metadata;
  const label = labels[appNameLabel];
  const app = label === undefined ? undefined : `${namespace}/${label}`;
  const { status = {} } = pod;
  const statuses = [
    ...(status.containerStatuses ?? []),
    // An init container that has ended is history; one that goes on is a sidecar.
    ...(status.initContainerStatuses ?? []).filter(
      ({ state }) => state?.terminated?.exitCode !== 0,
    ),
  ];
  return {
    namespace,
    name,
    ...(app === undefined ? {} : { app }),
    phase: phaseOf(status.phase),
    isReady: isReadyPod(pod),
    reason: reasonOf(pod),
    containers: statuses.map((each) => containerOf(each, isWasm(app ?? "", each.name))),
  };
}

function reasonOf(pod: ObservedPod): string {
  if (pod.metadata.deletionTimestamp !== undefined) return "it is being ended";
  const prefix = `pod ${pod.metadata.name}: `;
  return podProblem([pod], [])?.message.replace(prefix, "") ?? "";
}

/** Every container that goes on is ready. */
function isReadyPod({ status }: ObservedPod): boolean {
  const containers = status?.containerStatuses ?? [];
  return containers.length > 0 && containers.every(({ ready }) => ready === true);
}

const phases: ReadonlySet<string> = new Set(["Pending", "Running", "Succeeded", "Failed"]);

function phaseOf(phase: string | undefined): Pod["phase"] {
  return phase !== undefined && phases.has(phase) ? (phase as Pod["phase"]) : "Unknown";
}

function containerOf(status: ContainerStatus, isWasm: boolean): PodContainer {
  const { name, ready = false, restartCount = 0, image = "", state = {}, lastState } = status;
  const { waiting, terminated } = state;
  const ended = terminated ?? lastState?.terminated;
  const reason = waiting?.reason ?? terminated?.reason;
  const message = waiting === undefined ? ended?.message : (ended?.message ?? waiting.message);
  return {
    name,
    kind: isWasm ? "wasm" : "container",
    image,
    state:
      terminated !== undefined ? "terminated" : waiting !== undefined ? "waiting" : stateOf(state),
    isReady: ready,
    restarts: restartCount,
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined || message === "" ? {} : { message }),
  };
}

/** Without any state the kubelet has not begun. */
function stateOf({ running }: NonNullable<ContainerStatus["state"]>): "running" | "waiting" {
  return running === undefined ? "waiting" : "running";
}
