import type { VNode } from "preact";
import { type FlameLayout, flameTicks, type PlacedSpan } from "../charts/flame-layout.ts";
import { useWidth } from "../charts/use-width.ts";
import { durationQuantity, quantityText } from "../format/quantities.ts";
import { percent } from "../parts/small-charts.tsx";
import { Outside } from "../parts/text-parts.tsx";

const rowPx = 32;
/** Narrower ones have no room for a word. */
const wordsPxMin = 44;

interface FlameProps {
  readonly layout: FlameLayout;
  readonly isCold: boolean;
  /** Id of the span that is pointed at, here or in the table. */
  readonly pointed: string | undefined;
  onPoint(id: string | undefined): void;
}

/** One request: time to the right, what is within what downwards. The table has the same in words. */
export function Flame({ layout, isCold, pointed, onPoint }: FlameProps): VNode {
  const { box, width } = useWidth<HTMLDivElement>();
  const { placed, rows, totalMs } = layout;
  return (
    <div
      ref={box}
      class="flame"
      role="img"
      aria-label="Where the time went; the table below says it in words"
      style={{ height: `${rows * rowPx + axisPx}px` }}
      onPointerLeave={() => onPoint(undefined)}
    >
      {flameTicks(totalMs).map((ms) => (
        <span key={ms} class="flame-tick" style={{ left: percent(ms / totalMs) }}>
          {quantityText(durationQuantity(ms))}
        </span>
      ))}
      {placed.map((each) => (
        <Bar
          key={each.span.id}
          {...{ placed: each, isCold, isOn: each.span.id === pointed }}
          isThin={each.width * width < wordsPxMin}
          onPoint={onPoint}
        />
      ))}
    </div>
  );
}

const axisPx = 22;

interface BarProps {
  readonly placed: PlacedSpan;
  readonly isCold: boolean;
  readonly isOn: boolean;
  readonly isThin: boolean;
  onPoint(id: string): void;
}

function Bar({ placed, isCold, isOn, isThin, onPoint }: BarProps): VNode {
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
      onClick={() => showRow(span.id)}
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

function showRow(id: string): void {
  for (const row of document.querySelectorAll<HTMLElement>("[data-span]")) {
    if (row.dataset["span"] === id) row.scrollIntoView({ block: "nearest" });
  }
}
