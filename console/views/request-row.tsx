import type { VNode } from "preact";
import type { RequestEntry } from "../../runtime/telemetry/admin/console-api.ts";
import { clockText, durationQuantity, quantityText } from "../format/quantities.ts";
import { toneOf } from "../live/latency-field.ts";
import { memo } from "../parts/memo.ts";
import { DurationLane, LaneScale } from "../parts/small-charts.tsx";
import { Figure, Outside } from "../parts/text-parts.tsx";

/** The head of the list; it is in the order of time and has no other. */
export function RequestHead(): VNode {
  return (
    <>
      <span role="columnheader">Time</span>
      <span role="columnheader">Method</span>
      <span role="columnheader">Path</span>
      <span role="columnheader" class="right">
        Status
      </span>
      <span role="columnheader" class="at-wide">
        Component
      </span>
      <span role="columnheader" aria-label="Duration on a scale">
        <LaneScale />
      </span>
      <span role="columnheader" class="right">
        Duration
      </span>
      <span role="columnheader">Start</span>
    </>
  );
}

/** The cells of one request. */
export const RequestCells = memo(function RequestCells({
  entry,
  hasApp,
}: {
  readonly entry: RequestEntry | undefined;
  /** Whether the app has to be named. */
  readonly hasApp: boolean;
}): VNode | null {
  if (entry === undefined) return null;
  const { app, component, atMs, durationMs, path } = entry;
  const tone = toneOf(entry);
  return (
    <>
      <span role="gridcell" class="faint at-desk">
        {clockText(atMs)}
      </span>
      <span role="gridcell" class="at-desk faint">
        <Outside text={methodText(entry)} />
      </span>
      <span role="gridcell" class="request-path clip mono" title={path}>
        <span class="at-phone faint">
          <Outside text={methodText(entry)} />{" "}
        </span>
        <Outside text={path} />
      </span>
      <span role="gridcell" class={`right request-status${tone === "failed" ? " is-failed" : ""}`}>
        {statusText(entry)}
      </span>
      <span role="gridcell" class="clip faint at-wide at-desk">
        <Outside text={hasApp ? `${app} ${component}` : component} />
      </span>
      <span role="gridcell" class="request-lane" aria-hidden="true">
        <DurationLane ms={durationMs} tone={tone} />
      </span>
      <span role="gridcell" class="right" aria-label={quantityText(durationQuantity(durationMs))}>
        <Figure of={durationQuantity(durationMs)} />
      </span>
      <span role="gridcell" class={`at-desk ${entry.isCold ? "is-cold" : "faint"}`}>
        {startText(entry)}
      </span>
    </>
  );
});

/** The method of a request, the kind of an event. */
export function methodText({ method, trigger }: RequestEntry): string {
  return method === "" ? trigger : method;
}

/** `200`; `ok` or `failed` where nothing has a status; a dash where nothing was answered. */
export function statusText({ status, error, method }: RequestEntry): string {
  if (status > 0) return String(status);
  if (method !== "") return "–";
  return error === undefined ? "ok" : "failed";
}

function startText({ isCold, start }: RequestEntry): string {
  if (isCold) return "cold";
  return start === undefined ? "–" : "warm";
}
