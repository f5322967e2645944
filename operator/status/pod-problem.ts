import type { ContainerStatus, ObservedEvent, ObservedPod } from "./observed.ts";

/** Why a pod does not run, in one word (a condition's reason) and in words. */
export interface Problem {
  readonly reason: string;
  readonly message: string;
}

/** Reasons of the kubelet, and what they are called in the app's condition. */
const reasons: Readonly<Record<string, string>> = {
  ErrImagePull: "ImagePullFailed",
  ImagePullBackOff: "ImagePullFailed",
  ErrImageNeverPull: "ImagePullFailed",
  InvalidImageName: "ImageNameInvalid",
  CreateContainerConfigError: "ConfigurationMissing",
  CreateContainerError: "ContainerNotCreated",
  RunContainerError: "ContainerNotStarted",
  StartError: "ContainerNotStarted",
  CrashLoopBackOff: "AppCrashes",
  OOMKilled: "OutOfMemory",
};

/** Events that tell what no status field of the pod tells. */
const telling = new Set([
  "FailedCreatePodSandBox",
  "FailedMount",
  "FailedAttachVolume",
  "FailedScheduling",
  "Failed",
]);

/** A message that is lifted into a condition: enough for an error with its trace's beginning. */
const messageLengthMax = 1_024;

/**
 * The real reason why the pods of an app do not run: the first pod with a problem, newest first
 * (an old pod's problem is history). Undefined where none is known (yet).
 */
export function podProblem(
  pods: readonly ObservedPod[],
  events: readonly ObservedEvent[],
): Problem | undefined {
  for (const pod of newestFirst(pods)) {
    const problem = problemOf(pod, events);
    if (problem !== undefined) {
      return { ...problem, message: `pod ${pod.metadata.name}: ${clip(problem.message)}` };
    }
  }
  return undefined;
}

/** Pods by their time of creation, which has seconds. */
export function newestFirst(pods: readonly ObservedPod[]): readonly ObservedPod[] {
  return pods.toSorted((a, b) => created(b).localeCompare(created(a)));
}

function created({ metadata }: ObservedPod): string {
  return metadata.creationTimestamp ?? "";
}

function problemOf(pod: ObservedPod, events: readonly ObservedEvent[]): Problem | undefined {
  const { status } = pod;
  if (status === undefined || pod.metadata.deletionTimestamp !== undefined) return undefined;
  const { phase, reason, message = "the pod has failed" } = status;
  // What ended the pod as a whole (its eviction, say) tells more than how its containers ended.
  if (phase === "Failed" && reason) return { reason: word(reason), message };
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  for (const container of containers) {
    const problem = containerProblem(container);
    if (problem !== undefined) return problem;
  }
  if (phase === "Failed") return { reason: "PodFailed", message };
  return unscheduled(pod) ?? eventProblem(pod, events);
}

function containerProblem(container: ContainerStatus): Problem | undefined {
  const { waiting, terminated } = container.state ?? {};
  const last = container.lastState?.terminated;
  const prefix = `container ${container.name}: `;
  if (waiting?.reason === "CrashLoopBackOff" && last !== undefined) {
    const reason = last.reason === "OOMKilled" ? "OutOfMemory" : "AppCrashes";
    return { reason, message: prefix + ending(last) };
  }
  const known = reasons[waiting?.reason ?? ""];
  if (waiting !== undefined && known !== undefined) {
    return { reason: known, message: prefix + (waiting.message ?? waiting.reason ?? known) };
  }
  if (terminated !== undefined && terminated.exitCode !== 0) {
    const reason = terminated.reason === "OOMKilled" ? "OutOfMemory" : "AppCrashes";
    return { reason, message: prefix + ending(terminated) };
  }
  return undefined;
}

type Ending = NonNullable<NonNullable<ContainerStatus["state"]>["terminated"]>;

/** The termination message is what the app or the shim said last; the exit code alone says little. */
function ending({ exitCode, signal, reason, message }: Ending): string {
  const how = signal ? `ended by signal ${signal}` : `exit code ${exitCode ?? "unknown"}`;
  const why = message?.trim();
  const named = reason !== undefined && reason !== "Error" ? ` (${reason})` : "";
  return why ? `${why} [${how}${named}]` : `${how}${named}, without a message: see its log`;
}

function unscheduled({ status }: ObservedPod): Problem | undefined {
  const scheduled = status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status !== "False") return undefined;
  return {
    reason: scheduled.reason ?? "Unschedulable",
    message: scheduled.message ?? "no node fits",
  };
}

function eventProblem(pod: ObservedPod, events: readonly ObservedEvent[]): Problem | undefined {
  const latest = events
    .filter(({ type, reason }) => type === "Warning" && telling.has(reason ?? ""))
    .filter(({ involvedObject }) => involvedObject?.uid === pod.metadata.uid)
    .toSorted((a, b) => time(b).localeCompare(time(a)))[0];
  if (latest === undefined) return undefined;
  return { reason: word(latest.reason ?? "PodFailed"), message: latest.message ?? "" };
}

function time({ lastTimestamp, eventTime }: ObservedEvent): string {
  return lastTimestamp ?? eventTime ?? "";
}

/** A reason as conditions allow it. */
function word(text: string): string {
  const cleaned = text.replaceAll(/[^A-Za-z0-9_]/gu, "");
  return /^[A-Za-z]/u.test(cleaned) ? cleaned : "PodFailed";
}

function clip(text: string): string {
  return text.length <= messageLengthMax ? text : `${text.slice(0, messageLengthMax - 1)}…`;
}

/** Whether pods wait without saying why, so that only events can tell. */
export function isSilent(pod: ObservedPod, nowMs: number): boolean {
  const ageMs = nowMs - Date.parse(pod.metadata.creationTimestamp ?? "");
  const waits = pod.status?.phase === "Pending" && ageMs >= silentMs;
  return waits && problemOf(pod, []) === undefined;
}

/** A pod that starts well has its sandbox and volumes after this time. */
const silentMs = 8_000;
