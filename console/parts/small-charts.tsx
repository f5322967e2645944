import type { VNode } from "preact";
import { durationPlace, durationTicks, roundEnd } from "../charts/log-scale.ts";
import { sparkArea, sparkPath } from "../charts/spark-path.ts";
import type { Tone } from "../live/latency-field.ts";

const sparkSize = { width: 100, height: 22 };

/** The last minute as a line; says nothing by itself to those who listen: the figure beside it does. */
export function Sparkline({ values }: { readonly values: readonly number[] }): VNode {
  if (values.length < 2) return <span class="spark" aria-hidden="true" />;
  const end = roundEnd(Math.max(...values));
  return (
    <svg class="spark" viewBox="0 0 100 22" preserveAspectRatio="none" aria-hidden="true">
      <path class="area" d={sparkArea(values, end, sparkSize)} />
      <path d={sparkPath(values, end, sparkSize)} />
    </svg>
  );
}

/** Median (filled) and 99th percentile (open) on the axis of durations. */
export function LatencyLane({
  p50Ms,
  p99Ms,
}: {
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
}): VNode {
  if (p50Ms === undefined || p99Ms === undefined) return <span class="lane" aria-hidden="true" />;
  const from = durationPlace(p50Ms);
  const to = durationPlace(p99Ms);
  return (
    <span class="lane" aria-hidden="true">
      <i style={{ left: percent(from), width: percent(to - from) }} />
      <b class="open" style={{ left: percent(to) }} />
      <b style={{ left: percent(from) }} />
    </span>
  );
}

/** One duration on the axis of durations. */
export function DurationLane({ ms, tone }: { readonly ms: number; readonly tone: Tone }): VNode {
  const place = percent(durationPlace(ms));
  return (
    <span class={tone === "plain" ? "lane" : `lane is-${tone}`} aria-hidden="true">
      <i style={{ left: 0, width: place }} />
      <b style={{ left: place }} />
    </span>
  );
}

/** What the axis of durations says at its ends and every second decade. */
export function LaneScale(): VNode {
  return (
    <span class="lane-head" aria-hidden="true">
      {durationTicks
        .filter((_, at) => at % 2 === 0)
        .map(({ place, text }) => (
          <span key={text} style={{ left: percent(place) }}>
            {text}
          </span>
        ))}
    </span>
  );
}

/** How much of a bound is used: near it from 80 %, red from 97 %. */
export function Meter({ share }: { readonly share: number | undefined }): VNode {
  if (share === undefined) return <span class="meter" aria-hidden="true" />;
  const tone = share >= 0.97 ? " is-failed" : share >= 0.8 ? " is-near" : "";
  return (
    <span class={`meter${tone}`} aria-hidden="true">
      <i style={{ width: percent(Math.min(1, share)) }} />
    </span>
  );
}

/** `12.5%`, for places in charts. */
export function percent(share: number): string {
  return `${Math.round(share * 10_000) / 100}%`;
}
