import type { VNode } from "preact";
import type { Workload } from "../../runtime/telemetry/admin/console-api.ts";
import type { FleetApp } from "../live/fleet.ts";
import { memo } from "../parts/memo.ts";
import { Outside } from "../parts/text-parts.tsx";
import { AppName, HeadCell, type HeadProps, NameHead } from "./app-row.tsx";

/** The head of a cluster's apps: how they are, and what runs them. */
export function WorkloadHead(props: HeadProps): VNode {
  return (
    <>
      <NameHead {...props} />
      <HeadCell name="pods" text="Pods" class="right" {...props} />
      <span role="columnheader" class="at-desk">
        Run by
      </span>
      <span role="columnheader" class="at-wide">
        Image
      </span>
    </>
  );
}

/** The cells of one app of a cluster. */
export const WorkloadCells = memo(function WorkloadCells({
  app,
}: {
  readonly app: FleetApp | undefined;
}): VNode | null {
  if (app === undefined) return null;
  const { workload } = app.summary;
  return (
    <>
      <AppName summary={app.summary} />
      <span role="gridcell" class={`right${isShort(workload) ? " is-failed" : ""}`}>
        {podsText(workload)}
      </span>
      <span role="gridcell" class="workload-runs at-desk">
        <span class="clip">{workload?.kind ?? ""}</span>
        <span class="clip app-why">
          <Outside text={workload?.executor ?? ""} />
        </span>
      </span>
      <span role="gridcell" class="at-wide at-desk">
        <span class="clip mono workload-image">
          <Outside text={workload?.image ?? ""} />
        </span>
      </span>
    </>
  );
});

/** How many of its pods are ready; nothing where nobody counts them. */
export function podsText(workload: Workload | undefined): string {
  if (workload?.kind !== "Deployment") return "–";
  return `${workload.readyPods} of ${workload.wantedPods}`;
}

function isShort(workload: Workload | undefined): boolean {
  return workload?.kind === "Deployment" && workload.readyPods < workload.wantedPods;
}
