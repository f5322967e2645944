import type { ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";

/** How a node is, for those who look at the cluster. */
export type NodeReport =
  /** A canary has answered under this version; `error`: what could not be done beyond that. */
  | { readonly kind: "ready"; readonly version: string; readonly error?: ShimError }
  | {
      readonly kind: "working";
      readonly reason: "Installing" | "WaitingForSlot";
      readonly message: string;
      readonly version: string;
    }
  | { readonly kind: "failed"; readonly error: ShimError }
  /** It is taken back; nothing new is to come here. */
  | { readonly kind: "removing"; readonly error?: ShimError }
  | { readonly kind: "removed" };

export const readyLabel = "whorl.dev/ready";
export const versionLabel = "whorl.dev/version";
export const conditionType = "WhorlReady";

export interface NodeTaint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

export interface NodeCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** What matters here of a Node of Kubernetes. */
export interface KubeNodeObject {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly taints?: readonly NodeTaint[] };
  readonly status?: { readonly conditions?: readonly NodeCondition[] };
}

/** Merge patch of the node, undefined where it is as it should be. */
export function nodePatch(
  node: KubeNodeObject,
  report: NodeReport,
  startupTaints: readonly string[],
): object | undefined {
  const { labels = {}, resourceVersion } = node.metadata;
  const wanted = Object.entries(labelsOf(report));
  const changed = wanted.filter(([name, value]) => (labels[name] ?? null) !== value);
  const taints = node.spec?.taints ?? [];
  const kept = taints.filter(({ key }) => !startupTaints.includes(key));
  const losesTaint = report.kind === "ready" && kept.length < taints.length;
  if (changed.length === 0 && !losesTaint) return undefined;
  return {
    // All taints are written at once: somebody else's change in between has to be seen first.
    metadata: { labels: Object.fromEntries(changed), ...(losesTaint && { resourceVersion }) },
    ...(losesTaint && { spec: { taints: kept } }),
  };
}

/** Null: to be taken away. */
function labelsOf(report: NodeReport): Readonly<Record<string, string | null>> {
  switch (report.kind) {
    case "ready":
      return { [readyLabel]: "true", [versionLabel]: report.version };
    case "working":
      return { [versionLabel]: report.version };
    case "failed":
    case "removing":
      return { [readyLabel]: null };
    case "removed":
      return { [readyLabel]: null, [versionLabel]: null };
  }
}

/** Strategic merge patch of the node's status, undefined where it is as it should be. */
export function statusPatch(
  node: KubeNodeObject,
  report: NodeReport,
  now: Date,
): object | undefined {
  const known = node.status?.conditions?.find(({ type }) => type === conditionType);
  if (report.kind === "removed") {
    const gone = { type: conditionType, $patch: "delete" };
    return known === undefined ? undefined : { status: { conditions: [gone] } };
  }
  const wanted = conditionOf(report, node.metadata.labels?.[readyLabel] === "true");
  const { status, reason, message } = wanted;
  if (known?.status === status && known.reason === reason && known.message === message) {
    return undefined;
  }
  const time = now.toISOString().replace(/\.\d+Z$/, "Z");
  const transition = known?.status === status ? {} : { lastTransitionTime: time };
  return { status: { conditions: [{ ...wanted, ...transition, lastHeartbeatTime: time }] } };
}

/** While something is done on a node that works, it goes on working. */
function conditionOf(
  report: Exclude<NodeReport, { kind: "removed" }>,
  wasReady: boolean,
): Required<NodeCondition> {
  const condition = (isReady: boolean, reason: string, message: string) => {
    const status = isReady ? "True" : "False";
    return { type: conditionType, status, reason, message: clipped(message) };
  };
  switch (report.kind) {
    case "ready": {
      const { version, error } = report;
      const works = `version ${version} runs Wasm containers`;
      if (error === undefined) return condition(true, "Ready", works);
      return condition(true, reasonOf(error), `${works}, but: ${error.message}`);
    }
    case "working":
      return condition(wasReady, report.reason, report.message);
    case "failed":
      return condition(false, reasonOf(report.error), report.error.message);
    case "removing":
      return report.error === undefined
        ? condition(false, "Removing", "the node is taken back")
        : condition(false, reasonOf(report.error), report.error.message);
  }
}

/** What is worth an event, undefined for what only goes on. */
export function eventOf(
  report: NodeReport,
): { readonly type: string; readonly reason: string; readonly message: string } | undefined {
  if (report.kind === "working") return undefined;
  if (report.kind === "removed") {
    return { type: "Normal", reason: "WhorlRemoved", message: "nothing of Whorl is left here" };
  }
  if ("error" in report && report.error !== undefined) {
    return { type: "Warning", reason: "WhorlFailed", message: clipped(report.error.message) };
  }
  if (report.kind !== "ready") return undefined;
  const message = `version ${report.version} runs Wasm containers`;
  return { type: "Normal", reason: "WhorlReady", message };
}

/** `failed_precondition` as `FailedPrecondition`. */
function reasonOf({ code }: ShimError): string {
  return code
    .split("_")
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1))
    .join("");
}

function clipped(message: string): string {
  const { messageBytesMax } = shimLimits.agent;
  const line = message.replaceAll(/\s+/g, " ").trim();
  return Buffer.byteLength(line) <= messageBytesMax
    ? line
    : `${Buffer.from(line)
        .subarray(0, messageBytesMax - 4)
        .toString()
        .replace(/\uFFFD+$/, "")} ...`;
}
