import type { Condition } from "../kube/object.ts";

/** A condition before it is known when it began. */
export interface Finding {
  readonly type: "Ready" | "Available" | "Progressing" | "Reconciling" | "Stalled";
  readonly status: Condition["status"];
  readonly reason: string;
  readonly message: string;
}

const messageLengthMax = 32_768;

/**
 * Findings as conditions. The time of the last transition stays as long as the status does;
 * conditions of other writers stay as they are; ours that are not found any more go.
 */
export function mergeConditions(
  previous: readonly Condition[],
  findings: readonly Finding[],
  stamp: { readonly now: Date; readonly generation: number | undefined },
): readonly Condition[] {
  const ours = new Set(["Ready", "Available", "Progressing", "Reconciling", "Stalled"]);
  const theirs = previous.filter(({ type }) => !ours.has(type));
  const merged = findings.map((finding): Condition => {
    const before = previous.find(({ type }) => type === finding.type);
    const isSame = before?.status === finding.status;
    return {
      type: finding.type,
      status: finding.status,
      ...(stamp.generation === undefined ? {} : { observedGeneration: stamp.generation }),
      lastTransitionTime: isSame ? before.lastTransitionTime : seconds(stamp.now),
      reason: finding.reason,
      message: finding.message.slice(0, messageLengthMax),
    };
  });
  return [...merged, ...theirs];
}

/** Times of the API have no fractions. */
function seconds(date: Date): string {
  return date.toISOString().replace(/\.\d{3}Z$/u, "Z");
}
