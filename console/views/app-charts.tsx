import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { AppDetail, AppSample } from "../../runtime/telemetry/admin/console-api.ts";
import { nearestSample, type Plot, timeWindow } from "../charts/time-window.ts";
import { useWidth } from "../charts/use-width.ts";
import {
  bytesQuantity,
  clockText,
  durationQuantity,
  quantityText,
  rateText,
} from "../format/quantities.ts";
import type { ChartFrame } from "./chart-frame.tsx";
import { LatencyChart } from "./latency-chart.tsx";
import { BarsChart, LineChart } from "./series-charts.tsx";

const scaleWidth = 52;
const marginWidth = 132;

/** Latency, requests, failures, cold starts and memory over the last minutes, one above the other. */
export function AppCharts({ app }: { readonly app: AppDetail }): VNode {
  const { box, width } = useWidth<HTMLDivElement>();
  const [pointed, setPointed] = useState<number>();
  const samples = app.history;
  const window = timeWindow(samples);
  const hasMargin = width > 560;
  const plot: Plot = {
    left: scaleWidth,
    width: Math.max(60, width - scaleWidth - (hasMargin ? marginWidth : 6)),
    top: 0,
    height: 0,
  };
  const at = pointed === undefined ? samples.length - 1 : Math.min(pointed, samples.length - 1);
  const frame: ChartFrame = {
    ...{ samples, window, plot, width, isPointing: pointed !== undefined },
    at: at < 0 ? undefined : at,
  };
  const memoryLimit = app.usage.memoryLimitBytes;
  return (
    <div
      ref={box}
      onPointerMove={(event) => {
        const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
        setPointed(nearestSample(x, samples, { window, plot }));
      }}
      onPointerLeave={() => setPointed(undefined)}
    >
      {width > 0 && (
        <>
          <LatencyChart frame={frame} histogram={app.latency} hasMargin={hasMargin} />
          <BarsChart
            frame={frame}
            title="Requests a second"
            value={(sample) => sample.requestsPerSecond}
            part={{ name: "failing", value: (sample) => sample.errorsPerSecond }}
            text={rateText}
          />
          <BarsChart
            frame={frame}
            title="Cold starts a second"
            tone="cold"
            value={(sample) => sample.coldStartsPerSecond}
            text={rateText}
          />
          <LineChart
            frame={frame}
            title="Memory of guests"
            value={(sample) => sample.memoryBytes}
            limit={memoryLimit}
            text={(bytes) => quantityText(bytesQuantity(bytes))}
            hasAxis
          />
        </>
      )}
      <SampleTable samples={samples} />
    </div>
  );
}

const tableRowsMax = 60;

/** The same for those who cannot, or do not want to, look at charts. */
function SampleTable({ samples }: { readonly samples: readonly AppSample[] }): VNode {
  const rows = samples.slice(-tableRowsMax).toReversed();
  return (
    <details class="as-table">
      <summary>The last {rows.length} seconds as a table</summary>
      <div tabIndex={0} role="region" aria-label="Figures of the last seconds">
        <table class="plain-table">
          <thead>
            <tr>
              <th scope="col">Time</th>
              {["Requests/s", "Failing/s", "p50", "p99", "Cold starts/s", "Memory"].map((text) => (
                <th key={text} scope="col" class="right">
                  {text}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.atMs}>
                <th scope="row">{clockText(row.atMs).slice(0, 8)}</th>
                {cellsOf(row).map((text, at) => (
                  <td key={at} class="right">
                    {text}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function cellsOf(sample: AppSample): string[] {
  return [
    rateText(sample.requestsPerSecond),
    rateText(sample.errorsPerSecond),
    quantityText(durationQuantity(sample.p50Ms)),
    quantityText(durationQuantity(sample.p99Ms)),
    rateText(sample.coldStartsPerSecond),
    quantityText(bytesQuantity(sample.memoryBytes)),
  ];
}
