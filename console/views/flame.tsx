import type { VNode } from "preact";
import {
  type FlameLayout,
  type FlamePart,
  flameTicks,
  flameWithin,
  type PlacedSpan,
} from "../charts/flame-layout.ts";
import { useWidth } from "../charts/use-width.ts";
import { durationQuantity, quantityText } from "../format/quantities.ts";
import { percent } from "../parts/small-charts.tsx";
import { Outside } from "../parts/text-parts.tsx";

const rowPx = 32;
/** Narrower ones have no room for a word. */
const wordsPxMin = 44;

interface FlameProps {
  readonly layout: FlameLayout;
  /** What of the time is seen. */
  readonly part: FlamePart;
  readonly isCold: boolean;
  /** Id of the span that is pointed at, here or in the table. */
  readonly pointed: string | undefined;
  onPoint(id: string | undefined): void;
  /** A span is to be seen alone. */
  onChoose(id: string): void;
}

/** One request: time to the right, what is within what downwards. The table has the same in words. */
export function Flame({ layout, part, isCold, pointed, onPoint, onChoose }: FlameProps): VNode {
  const { box, width } = useWidth<HTMLDivElement>();
  const { placed, rows, totalMs } = flameWithin(layout, part);
  return (
    <div
      ref={box}
      class="flame"
      role="img"
      aria-label="Where the time went; the table below says it in words"
      style={{ height: `${rows * rowPx + axisPx}px` }}
      onPointerLeave={() => onPoint(undefined)}
    >
      <Ticks {...{ totalMs, part, width }} />
      {placed.map((each) => (
        <Bar
          key={each.span.id}
          {...{ placed: each, isCold, isOn: each.span.id === pointed }}
          isThin={each.width * width < wordsPxMin}
          {...{ onPoint, onChoose }}
        />
      ))}
    </div>
  );
}

const axisPx = 22;
const tickPx = 180;
const tickTextPx = 56;

function Ticks({
  totalMs,
  part,
  width,
}: {
  readonly totalMs: number;
  readonly part: FlamePart;
  readonly width: number;
}): VNode | null {
  if (width === 0) return null;
  const place = (ms: number): number => (ms / totalMs - part.left) / part.width;
  return (
    <>
      {flameTicks(totalMs, part, width / tickPx).map((ms) => (
        <span key={ms} class="flame-tick" style={{ left: percent(place(ms)) }}>
          {width * (1 - place(ms)) > tickTextPx && quantityText(durationQuantity(ms))}
        </span>
      ))}
    </>
  );
}

interface BarProps {
  readonly placed: PlacedSpan;
  readonly isCold: boolean;
  readonly isOn: boolean;
  readonly isThin: boolean;
  onPoint(id: string): void;
  onChoose(id: string): void;
}

function Bar({ placed, isCold, isOn, isThin, onPoint, onChoose }: BarProps): VNode {
  const { span, row, left, width } = placed;
  const states = [
    span.kind === "instance" && isCold ? "cold" : "",
    span.error === undefined ? "" : "failed",
    isOn ? "is-on" : "",
    isThin ? "is-thin" : "",
  ];
  return (
    <span
      class={`flame-span ${states.join(" ")}`}
      data-kind={span.kind}
      style={{ top: `${row * rowPx}px`, left: percent(left), width: percent(width) }}
      onPointerEnter={() => onPoint(span.id)}
      onClick={() => onChoose(span.id)}
    >
      {!isThin && (
        <>
          <Outside text={span.name} />{" "}
          <small>{quantityText(durationQuantity(span.durationMs))}</small>
        </>
      )}
    </span>
  );
}
