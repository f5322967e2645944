import type { VNode } from "preact";
import type { AppSample, LatencyHistogram } from "../../runtime/telemetry/admin/console-api.ts";
import { type HistogramBar, histogramBars } from "../charts/histogram-bars.ts";
import { durationPlace, durationTicks } from "../charts/log-scale.ts";
import { bandPath, timePlace } from "../charts/time-window.ts";
import { countText, durationQuantity, quantityText } from "../format/quantities.ts";
import { type ChartFrame, Cross } from "./chart-frame.tsx";

const height = 196;
const pad = 8;

interface LatencyProps {
  readonly frame: ChartFrame;
  readonly histogram: LatencyHistogram;
  /** Whether there is room for the distribution beside it. */
  readonly hasMargin: boolean;
}

/**
 * The time between median and 99th percentile as a band over time, and on the same scale beside it
 * how all durations are spread.
 */
export function LatencyChart({ frame, histogram, hasMargin }: LatencyProps): VNode {
  const sample = frame.at === undefined ? undefined : frame.samples[frame.at];
  return (
    <figure class="chart">
      <figcaption>
        <h2>Latency</h2>
        <span class="faint">from median to 99th percentile</span>
        <span class="now">{sampleText(sample)}</span>
      </figcaption>
      <svg height={height} role="img" aria-label={`Latency: ${sampleText(sample)}`}>
        <Scale frame={frame} />
        <Band frame={frame} />
        {hasMargin && <Spread frame={frame} histogram={histogram} />}
        <Cross frame={frame} height={height} />
      </svg>
      <SpreadTable bars={histogramBars(histogram)} />
    </figure>
  );
}

function sampleText(sample: AppSample | undefined): string {
  if (sample?.p50Ms === undefined) return "no requests";
  const [half, most] = [sample.p50Ms, sample.p99Ms].map((ms) => quantityText(durationQuantity(ms)));
  return `p50 ${half}, p99 ${most}`;
}

function heightOf(ms: number): number {
  return height - pad - durationPlace(ms) * (height - 2 * pad);
}

function Scale({ frame: { plot, width } }: { readonly frame: ChartFrame }): VNode {
  return (
    <g aria-hidden="true">
      {durationTicks.map(({ place, text }) => {
        const y = Math.round(height - pad - place * (height - 2 * pad));
        return (
          <g key={text}>
            <line class="rule" x1={plot.left} x2={width} y1={y} y2={y} />
            <text x={plot.left - 8} y={y + 4} text-anchor="end">
              {text}
            </text>
          </g>
        );
      })}
    </g>
  );
}

function Band({ frame: { samples, window, plot } }: { readonly frame: ChartFrame }): VNode {
  const points = samples.map(({ atMs, p50Ms, p99Ms }) =>
    p50Ms === undefined || p99Ms === undefined
      ? undefined
      : { x: timePlace(atMs, window, plot), low: heightOf(p50Ms), high: heightOf(p99Ms) },
  );
  const upper = points.map((point) => point && { ...point, low: point.high + 1.5 });
  const lower = points.map((point) => point && { ...point, high: point.low - 2 });
  return (
    <g>
      <path class="band" d={bandPath(points, 3)} />
      <path class="bars" d={bandPath(upper, 3)} opacity="0.45" />
      <path class="bars" d={bandPath(lower, 3)} />
    </g>
  );
}

/** The distribution of all durations, lying on its side beside the plot. */
function Spread({ frame: { plot, width }, histogram }: Omit<LatencyProps, "hasMargin">): VNode {
  const left = plot.left + plot.width + 20;
  return (
    <g aria-hidden="true">
      <line class="base" x1={left} x2={left} y1={pad} y2={height - pad} />
      {histogramBars(histogram).map(({ fromMs, toMs, count, length }) => {
        if (count === 0) return null;
        const top = heightOf(toMs ?? Number.POSITIVE_INFINITY) + 0.75;
        const bottom = heightOf(fromMs) - 0.75;
        return (
          <rect
            key={fromMs}
            class="bars"
            x={left}
            y={top}
            width={Math.max(1.5, length * (width - left - 8))}
            height={Math.max(1, bottom - top)}
          />
        );
      })}
    </g>
  );
}

function SpreadTable({ bars }: { readonly bars: readonly HistogramBar[] }): VNode {
  return (
    <table class="unseen">
      <caption>How long all requests took since the app was started</caption>
      <tbody>
        {bars
          .filter(({ count }) => count > 0)
          .map(({ fromMs, toMs, count }) => (
            <tr key={fromMs}>
              <th scope="row">
                {toMs === undefined
                  ? `more than ${quantityText(durationQuantity(fromMs))}`
                  : `up to ${quantityText(durationQuantity(toMs))}`}
              </th>
              <td>{countText(count)}</td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}
