import type { VNode } from "preact";
import type { AppSample } from "../../runtime/telemetry/admin/console-api.ts";
import { roundEnd } from "../charts/log-scale.ts";
import { timePlace, timeTicks } from "../charts/time-window.ts";
import { type ChartFrame, Cross } from "./chart-frame.tsx";

interface SeriesProps {
  readonly frame: ChartFrame;
  readonly title: string;
  value(sample: AppSample): number | undefined;
  /** A value as text with its unit. */
  text(value: number | undefined): string;
  /** Whether the times are written below. */
  readonly hasAxis?: boolean;
}

interface BarsProps extends SeriesProps {
  readonly tone?: "cold";
  /** What part of it failed. */
  readonly part?: { readonly name: string; value(sample: AppSample): number };
}

const height = 56;
const axisHeight = 20;

/** Something that is counted each second: a bar for each. */
export function BarsChart({ frame, title, value, text, tone, part, hasAxis }: BarsProps): VNode {
  const { samples, plot } = frame;
  const largest = Math.max(...samples.map((sample) => value(sample) ?? 0), 0);
  const end = roundEnd(largest);
  const step = plot.width / Math.max(60, samples.length);
  const barWidth = Math.max(1, step - (step > 3 ? 1 : 0));
  const bars = (of: (sample: AppSample) => number | undefined): string =>
    samples
      .map((sample) => barPath(frame, sample, { share: (of(sample) ?? 0) / end, barWidth }))
      .join("");
  const now = frame.at === undefined ? undefined : samples[frame.at];
  const nowText = now === undefined ? "" : text(value(now));
  const failing = now === undefined ? 0 : (part?.value(now) ?? 0);
  const label = failing > 0 ? `${nowText}, ${text(failing)} ${part?.name ?? ""}` : nowText;
  return (
    <Series
      frame={frame}
      title={title}
      label={label}
      hasAxis={hasAxis === true}
      endText={largest === 0 ? "" : text(end)}
    >
      <path class={`bars ${tone ?? ""}`} d={bars(value)} />
      {part !== undefined && <path class="bars failed" d={bars((sample) => part.value(sample))} />}
    </Series>
  );
}

function barPath(
  { window, plot }: ChartFrame,
  { atMs }: AppSample,
  { share, barWidth }: { readonly share: number; readonly barWidth: number },
): string {
  if (share <= 0) return "";
  const tall = Math.max(1, share * height);
  const x = timePlace(atMs, window, plot) - barWidth;
  if (x < plot.left - 0.5) return "";
  return `M${x.toFixed(1)} ${height}v${(-tall).toFixed(1)}h${barWidth.toFixed(1)}v${tall.toFixed(1)}z`;
}

interface LineProps extends SeriesProps {
  /** A bound, drawn where the value comes near it. */
  readonly limit: number | undefined;
}

/** Something that is now so and now so: a line, and its bound. */
export function LineChart({ frame, title, value, text, limit, hasAxis }: LineProps): VNode {
  const { samples, plot, width } = frame;
  const largest = Math.max(...samples.map((sample) => value(sample) ?? 0), 0);
  const isNear = limit !== undefined && largest > 0.4 * limit;
  const end = isNear ? Math.max(limit, largest) * 1.05 : roundEnd(largest);
  const endText = isNear || largest === 0 ? "" : text(end);
  const y = (amount: number): number => height - (amount / end) * height;
  const now = frame.at === undefined ? undefined : samples[frame.at];
  const label = now === undefined ? "" : text(value(now));
  const bound = limit === undefined ? "" : ` of ${text(limit)}`;
  return (
    <Series
      {...{ frame, title, label: `${label}${bound}`, hasAxis: hasAxis === true }}
      endText={endText}
    >
      <path class="line" d={linePath(frame, value, y)} />
      {isNear && (
        <g>
          <line
            class="limit"
            x1={plot.left}
            x2={plot.left + plot.width}
            y1={y(limit)}
            y2={y(limit)}
          />
          <text class="limit-text" x={Math.min(width, plot.left + plot.width + 8)} y={y(limit) + 4}>
            {text(limit)}
          </text>
        </g>
      )}
    </Series>
  );
}

function linePath(
  { samples, window, plot }: ChartFrame,
  value: (sample: AppSample) => number | undefined,
  y: (amount: number) => number,
): string {
  let path = "";
  let isDown = false;
  for (const sample of samples) {
    const amount = value(sample);
    if (amount !== undefined) {
      path += `${isDown ? "L" : "M"}${timePlace(sample.atMs, window, plot)} ${y(amount).toFixed(1)}`;
    }
    isDown = amount !== undefined;
  }
  return path;
}

interface FrameProps {
  readonly frame: ChartFrame;
  readonly title: string;
  /** The value now, or where it is pointed at. */
  readonly label: string;
  readonly endText: string;
  readonly hasAxis: boolean;
  readonly children: VNode | (VNode | false)[];
}

/** What these charts have around them. */
function Series({ frame, title, label, endText, hasAxis, children }: FrameProps): VNode {
  const { plot, window } = frame;
  const right = plot.left + plot.width;
  return (
    <figure class="chart">
      <figcaption>
        <h2>{title}</h2>
        <span class="now">{label}</span>
      </figcaption>
      <svg
        height={height + (hasAxis ? axisHeight : 2)}
        role="img"
        aria-label={`${title}: ${label}`}
      >
        <line class="rule" x1={plot.left} x2={right} y1={0.5} y2={0.5} />
        <text x={plot.left - 8} y={9} text-anchor="end" aria-hidden="true">
          {endText}
        </text>
        {children}
        <line class="base" x1={plot.left} x2={right} y1={height + 0.5} y2={height + 0.5} />
        {hasAxis &&
          timeTicks(window).map(({ atMs, text }, at, all) => (
            <text
              key={text}
              x={timePlace(atMs, window, plot)}
              y={height + 16}
              text-anchor={at === all.length - 1 ? "end" : "middle"}
            >
              {text}
            </text>
          ))}
        <Cross frame={frame} height={height} />
      </svg>
    </figure>
  );
}
