import type { FlameSpan } from "../../runtime/telemetry/admin/console-api.ts";

/** A span and where it is drawn. */
export interface PlacedSpan {
  readonly span: FlameSpan;
  /** 0 for the whole request; spans of one row do not overlap. */
  readonly row: number;
  /** How many spans it is within. */
  readonly depth: number;
  /** Share of the whole time before it, and that it took. */
  readonly left: number;
  readonly width: number;
}

export interface FlameLayout {
  /** The request first, then what is within it, each after what it is within. */
  readonly placed: readonly PlacedSpan[];
  readonly rows: number;
  readonly totalMs: number;
}

/**
 * Where each span is drawn: below the one it is within, in the first row where there is room.
 * A span whose parent is not among those before it is within the request.
 */
export function flameLayout(spans: readonly FlameSpan[]): FlameLayout {
  const [root] = spans;
  if (root === undefined) return { placed: [], rows: 0, totalMs: 0 };
  const totalMs = Math.max(...spans.map(endOf), shortestMs);
  const children = childrenOf(spans);
  const placed: PlacedSpan[] = [];
  const rows: FlameSpan[][] = [];
  const place = (span: FlameSpan, above: Pick<PlacedSpan, "row" | "depth">): void => {
    const row = freeRow(rows, span, above.row + 1);
    const depth = above.depth + 1;
    const left = Math.min(1, Math.max(0, span.startMs) / totalMs);
    placed.push({ span, row, depth, left, width: Math.min(1 - left, span.durationMs / totalMs) });
    (rows[row] ??= []).push(span);
    for (const child of children.get(span.id) ?? []) place(child, { row, depth });
  };
  place(root, { row: -1, depth: -1 });
  return { placed, rows: rows.length, totalMs };
}

const shortestMs = 0.001;

function endOf({ startMs, durationMs }: FlameSpan): number {
  return startMs + durationMs;
}

/** By the id of what they are within; nothing is within what comes after it. */
function childrenOf(spans: readonly FlameSpan[]): Map<string, FlameSpan[]> {
  const [root, ...others] = spans;
  const children = new Map<string, FlameSpan[]>();
  if (root === undefined) return children;
  const known = new Set([root.id]);
  for (const span of others) {
    // The same id twice would be drawn twice below it.
    if (known.has(span.id)) continue;
    const parent =
      span.parentId !== undefined && known.has(span.parentId) ? span.parentId : root.id;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [span]);
    else siblings.push(span);
    known.add(span.id);
  }
  return children;
}

/** Spans that touch are not taken to overlap: clocks are not that fine. */
const toleranceMs = 0.0005;

function freeRow(rows: readonly (readonly FlameSpan[])[], span: FlameSpan, first: number): number {
  let row = first;
  while (rows[row]?.some((other) => overlap(other, span)) === true) row++;
  return row;
}

function overlap(a: FlameSpan, b: FlameSpan): boolean {
  return a.startMs < endOf(b) - toleranceMs && b.startMs < endOf(a) - toleranceMs;
}

/** A part of the time, as shares of the whole. */
export interface FlamePart {
  readonly left: number;
  readonly width: number;
}

/** What of the spans is seen in a part of the time, placed anew in it; rows stay as they are. */
export function flameWithin(layout: FlameLayout, { left, width }: FlamePart): FlameLayout {
  const placed = layout.placed.flatMap((each): PlacedSpan[] => {
    const from = (each.left - left) / width;
    const to = (each.left + each.width - left) / width;
    if (to <= 0 || from >= 1) return [];
    const shownFrom = Math.max(0, from);
    return [{ ...each, left: shownFrom, width: Math.min(1, to) - shownFrom }];
  });
  return { ...layout, placed };
}

/** Moments of a part of the time to name below it: round ones, so many or fewer. */
export function flameTicks(totalMs: number, { left, width }: FlamePart, wanted: number): number[] {
  const raw = (totalMs * width) / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power;
  const first = Math.ceil((left * totalMs) / step - tickTolerance);
  const last = Math.floor(((left + width) * totalMs) / step + tickTolerance);
  return Array.from({ length: last - first + 1 }, (_, at) => (first + at) * step);
}

const tickTolerance = 1e-6;

/** All of the time. */
export const wholeFlame: FlamePart = { left: 0, width: 1 };

/** The time of one span, or all of it; never nothing. */
export function flamePart({ placed }: FlameLayout, id: string | undefined): FlamePart {
  const found = placed.find(({ span }) => span.id === id);
  return found === undefined ? wholeFlame : { ...found, width: Math.max(found.width, 1e-6) };
}
