import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { durationTicks } from "../charts/log-scale.ts";
import { useWidth } from "../charts/use-width.ts";
import type { LatencyField, Tone } from "../live/latency-field.ts";
import type { RequestFeed } from "../live/request-feed.ts";
import { percent } from "../parts/small-charts.tsx";

const heightPx = 148;
const redrawEveryMs = 250;

/** The last minute of requests: time to the right, duration upwards, darker where there are more. */
export function FieldChart({
  feed,
  aheadMs,
}: {
  readonly feed: RequestFeed;
  /** How far the server's clock is ahead. */
  readonly aheadMs: number;
}): VNode {
  const { box, width } = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement | null>(null);
  const swatches = useRef<HTMLDivElement | null>(null);
  useEffect(() => {
    const draw = (): void => {
      if (!feed.isPaused) feed.field.advanceTo(Date.now() + aheadMs);
      if (canvas.current !== null && swatches.current !== null) {
        drawField(canvas.current, feed.field, inksOf(swatches.current));
      }
    };
    draw();
    const timer = setInterval(draw, redrawEveryMs);
    const unsubscribe = feed.subscribe(draw);
    return () => {
      clearInterval(timer);
      unsubscribe();
    };
  }, [feed, width, aheadMs]);
  return (
    <figure class="field">
      <div class="field-plot">
        <div class="field-scale" aria-hidden="true">
          {durationTicks
            .filter((_, at) => at % 2 === 0)
            .map(({ place, text }) => (
              <span key={text} style={{ bottom: percent(place) }}>
                {text}
              </span>
            ))}
        </div>
        <div ref={box}>
          <canvas
            ref={canvas}
            role="img"
            aria-label="How long the requests of the last minute took; the list below has each of them"
          />
        </div>
      </div>
      <div class="legend" ref={swatches}>
        <span>1 min ago</span>
        <span class="grow" />
        <span>
          <i data-tone="plain" /> request
        </span>
        <span>
          <i class="cold" data-tone="cold" /> cold start
        </span>
        <span>
          <i class="failed" data-tone="failed" /> failed
        </span>
        <span class="grow" />
        <span>now</span>
      </div>
    </figure>
  );
}

/** The colours as they are now: those of the legend. */
function inksOf(legend: HTMLElement): Readonly<Record<Tone, string>> {
  const ink = (tone: Tone): string => {
    const swatch = legend.querySelector(`[data-tone="${tone}"]`);
    return swatch === null ? "gray" : getComputedStyle(swatch).backgroundColor;
  };
  return { plain: ink("plain"), cold: ink("cold"), failed: ink("failed") };
}

function drawField(
  canvas: HTMLCanvasElement,
  field: LatencyField,
  inks: Readonly<Record<Tone, string>>,
): void {
  const scale = window.devicePixelRatio;
  const { clientWidth } = canvas;
  canvas.width = Math.round(clientWidth * scale);
  canvas.height = Math.round(heightPx * scale);
  const context = canvas.getContext("2d");
  if (context === null || clientWidth === 0) return;
  context.scale(scale, scale);
  const { columns, rows } = field.shape;
  const [cellWidth, cellHeight] = [clientWidth / columns, heightPx / rows];
  for (const { column, row, tone, count } of field.cells()) {
    context.fillStyle = inks[tone];
    context.globalAlpha = tone === "plain" ? weight(count) : Math.max(0.75, weight(count));
    const x = column * cellWidth;
    const y = heightPx - (row + 1) * cellHeight;
    context.fillRect(x, y + 0.5, Math.max(1.5, cellWidth - 0.5), cellHeight - 1);
  }
}

/** One request is seen; a hundred are not a hundred times darker. */
function weight(count: number): number {
  return Math.min(1, 0.28 + 0.36 * Math.log10(count));
}
