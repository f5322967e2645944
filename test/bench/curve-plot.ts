import {
  across,
  colourOf,
  frame,
  framed,
  gridAcross,
  legend,
  logPart,
  rangeOf,
  tickText,
  ticksOf,
  type Range,
  up,
} from "./plot-frame.ts";

/** How a figure changes while something grows. */
export interface Curve {
  readonly name: string;
  /** What grows, and the figure; both above zero. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface CurvePlot {
  readonly title: string;
  /** Of what grows. */
  readonly across: string;
  /** Of the figure. */
  readonly up: string;
  readonly curves: readonly Curve[];
}

/** Lines through measured points as SVG, both axes logarithmic; never less than a decade upwards. */
export function curvePlot(plot: CurvePlot): string {
  const points = plot.curves.flatMap((curve) => curve.points);
  const wide = rangeOf(points.map(([x]) => x));
  const high = atLeastADecade(rangeOf(points.map(([, y]) => y)));
  return framed(`${plot.title} (${plot.up})`, plot.across, [
    gridAcross(wide),
    gridUp(high),
    ...plot.curves.map((curve, index) => curveLine(curve, { wide, high, index })),
  ]);
}

/** So that noise does not look like growth. */
function atLeastADecade({ from, to }: Range): Range {
  const factor = Math.sqrt(10 / (to / from));
  return factor > 1 ? { from: from / factor, to: to * factor } : { from, to };
}

function gridUp(range: Range): string {
  return ticksOf(range)
    .map((value) => {
      const y = up(logPart(value, range)).toFixed(1);
      return (
        `<line x1="${frame.left}" x2="${frame.width - frame.right}" y1="${y}" y2="${y}" stroke="#e2e8f0"/>` +
        `<text x="${frame.left - 6}" y="${y}" dy="4" text-anchor="end">${tickText(value)}</text>`
      );
    })
    .join("\n");
}

function curveLine(
  { name, points }: Curve,
  { wide, high, index }: { readonly wide: Range; readonly high: Range; readonly index: number },
): string {
  const places = points
    .filter(([x, y]) => x > 0 && y > 0)
    .toSorted(([a], [b]) => a - b)
    .map(([x, y]) => [across(x, wide).toFixed(1), up(logPart(y, high)).toFixed(1)] as const);
  const colour = colourOf(index);
  const dots = places.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3" fill="${colour}"/>`);
  const line = places.map((place) => place.join(",")).join(" ");
  return `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${line}"/>${dots.join("")}
${legend(name, index)}`;
}
