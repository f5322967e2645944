import {
  across,
  colourOf,
  frame,
  framed,
  gridAcross,
  legend,
  rangeOf,
  type Range,
  up,
} from "./plot-frame.ts";

/** One line of a plot: how a measured value is spread. */
export interface Series {
  readonly name: string;
  /** Any order. */
  readonly values: readonly number[];
}

export interface Plot {
  readonly title: string;
  readonly unit: string;
  readonly series: readonly Series[];
}

const parts = Array.from({ length: 100 }, (_, index) => (index + 0.5) / 100);

/**
 * The cumulative distribution of each series as SVG: which part of the answers (up) has come after
 * how long (across, logarithmic).
 */
export function distributionPlot({ title, unit, series }: Plot): string {
  const range = rangeOf(series.flatMap(({ values }) => values));
  const { left, top, height, bottom } = frame;
  return framed(title, unit, [
    gridAcross(range),
    `<text x="${left - 8}" y="${top + 4}" text-anchor="end">100 %</text>`,
    `<text x="${left - 8}" y="${height - bottom}" text-anchor="end">0 %</text>`,
    ...series.map((each, index) => seriesLine(each, { range, index })),
  ]);
}

function seriesLine(
  { name, values }: Series,
  { range, index }: { readonly range: Range; readonly index: number },
): string {
  const sorted = values.filter((value) => value > 0).toSorted((a, b) => a - b);
  const points = parts.map((part) => {
    const value = sorted[Math.floor(part * sorted.length)] ?? range.to;
    return `${across(value, range).toFixed(1)},${up(part).toFixed(1)}`;
  });
  return `<polyline fill="none" stroke="${colourOf(index)}" stroke-width="2" points="${points.join(" ")}"/>
${legend(name, index)}`;
}
