import type { ClusterClient } from "../cluster/cluster-client.ts";
import { median } from "./statistics.ts";

/** What happened to the objects of one kind, and after how many seconds to half and to all of them. */
export interface RolloutStage {
  readonly stage: string;
  readonly halfS: number;
  readonly allS: number;
}

/** From a moment (milliseconds since 1970) on, as the API server has it: in whole seconds. */
export function rolloutStages(
  cluster: ClusterClient,
  startMs: number,
  wanted: readonly (readonly [stage: string, kind: string, condition?: string])[],
): RolloutStage[] {
  return wanted.map(([stage, kind, condition]) => {
    const moment =
      condition === undefined
        ? ".metadata.creationTimestamp"
        : `.status.conditions[?(@.type=="${condition}")].lastTransitionTime`;
    const each = `{range .items[*]}{${moment}}{"\\n"}{end}`;
    const moments = cluster.kubectl("get", kind, "-o", `jsonpath=${each}`).trim().split("\n");
    const seconds = moments.map((text) => (Date.parse(text) - startMs) / 1000);
    return { stage, halfS: median(seconds), allS: Math.max(...seconds) };
  });
}
