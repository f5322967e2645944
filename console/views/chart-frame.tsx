import type { VNode } from "preact";
import type { AppSample } from "../../runtime/telemetry/admin/console-api.ts";
import { type Plot, timePlace } from "../charts/time-window.ts";

/** What every chart of the column needs: they share their time. */
export interface ChartFrame {
  readonly samples: readonly AppSample[];
  readonly window: { readonly fromMs: number; readonly toMs: number };
  /** Of the plot in each chart; heights are the charts' own. */
  readonly plot: Plot;
  readonly width: number;
  /** The sample that is pointed at, or the newest. */
  readonly at: number | undefined;
  readonly isPointing: boolean;
}

/** The line at the sample that is pointed at. */
export function Cross({ frame, height }: { frame: ChartFrame; height: number }): VNode | null {
  const sample = frame.at === undefined ? undefined : frame.samples[frame.at];
  if (!frame.isPointing || sample === undefined) return null;
  const x = timePlace(sample.atMs, frame.window, frame.plot);
  return <line class="cross" x1={x} x2={x} y1={0} y2={height} />;
}
