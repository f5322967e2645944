/** The time that charts show, milliseconds since 1970. */
export interface TimeWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Where a chart's plot lies, pixels. */
export interface Plot {
  readonly left: number;
  readonly width: number;
  readonly top: number;
  readonly height: number;
}

/** Less than that looks like nothing going on. */
const windowMsMin = 60_000;

/** The time of these samples (oldest first), at least a minute. */
export function timeWindow(samples: readonly { readonly atMs: number }[]): TimeWindow {
  const toMs = samples.at(-1)?.atMs ?? 0;
  return { fromMs: Math.min(samples[0]?.atMs ?? toMs, toMs - windowMsMin), toMs };
}

/** Place of a moment in a plot. */
export function timePlace(
  atMs: number,
  { fromMs, toMs }: TimeWindow,
  { left, width }: Plot,
): number {
  return round(left + ((atMs - fromMs) / (toMs - fromMs)) * width);
}

/** The sample nearest to a place in a plot; undefined where there are none. */
export function nearestSample(
  x: number,
  samples: readonly { readonly atMs: number }[],
  { window, plot }: { readonly window: TimeWindow; readonly plot: Plot },
): number | undefined {
  const share = (x - plot.left) / plot.width;
  const atMs = window.fromMs + share * (window.toMs - window.fromMs);
  let nearest: number | undefined;
  let distance = Number.POSITIVE_INFINITY;
  for (const [at, sample] of samples.entries()) {
    const away = Math.abs(sample.atMs - atMs);
    if (away < distance) [nearest, distance] = [at, away];
  }
  return nearest;
}

/** Moments to name on the axis: round numbers of seconds before the end. */
export function timeTicks({ fromMs, toMs }: TimeWindow): { atMs: number; text: string }[] {
  const seconds = (toMs - fromMs) / 1000;
  const step = [10, 15, 30, 60, 120, 300, 600].find((each) => seconds / each <= 6) ?? 1800;
  const ticks = [{ atMs: toMs, text: "now" }];
  for (let before = step; before <= seconds; before += step) {
    const text = before % 60 === 0 ? `${before / 60} min ago` : `${before} s ago`;
    ticks.push({ atMs: toMs - before * 1000, text });
  }
  return ticks.toReversed();
}

/** A point of a band: its place in time, and its two heights, both pixels. */
export interface BandPoint {
  readonly x: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The outline of a band between two lines as the `d` of a path. Gaps (undefined) cut it; a point
 * alone becomes a narrow bar, so that it is seen.
 */
export function bandPath(points: readonly (BandPoint | undefined)[], barWidth: number): string {
  let path = "";
  let run: BandPoint[] = [];
  for (const point of [...points, undefined]) {
    if (point !== undefined) {
      run.push(point);
      continue;
    }
    path += runPath(run, barWidth);
    run = [];
  }
  return path;
}

function runPath(run: readonly BandPoint[], barWidth: number): string {
  const [first, ...others] = run;
  if (first === undefined) return "";
  const points = others.length > 0 ? run : [first, { ...first, x: first.x + barWidth }];
  const there = points.map(({ x, high }) => `${round(x)} ${round(high)}`);
  const back = points.toReversed().map(({ x, low }) => `${round(x)} ${round(low)}`);
  return `M${[...there, ...back].join("L")}Z`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
