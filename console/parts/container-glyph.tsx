import type { VNode } from "preact";
import type { PodContainer } from "../../runtime/telemetry/admin/console-api.ts";
import { percent } from "./small-charts.tsx";

const outlines: Readonly<Record<PodContainer["kind"], string>> = {
  wasm: "M16 2.5L28 9.25V22.75L16 29.5L4 22.75V9.25Z",
  container: "M4.5 4.5H27.5V27.5H4.5Z",
};

/** A container as a shape, filled from below as far as its memory is used. */
export function ContainerGlyph({
  kind,
  share,
  isFailed = false,
  size = 34,
}: {
  readonly kind: PodContainer["kind"];
  /** Of its bound; undefined where there is none, or it is not known. */
  readonly share: number | undefined;
  readonly isFailed?: boolean;
  readonly size?: number;
}): VNode {
  const free = 1 - Math.min(1, share ?? 0);
  const tone =
    isFailed || (share ?? 0) >= 0.97 ? "is-failed" : (share ?? 0) >= 0.8 ? "is-near" : "";
  return (
    <svg class={`glyph ${tone}`} viewBox="0 0 32 32" width={size} height={size} aria-hidden="true">
      <path d={outlines[kind]} fill="var(--wash)" />
      <g style={{ clipPath: `inset(${percent(free)} 0 0 0)` }}>
        <path d={outlines[kind]} fill="currentColor" opacity="0.55" />
      </g>
      <path d={outlines[kind]} fill="none" stroke="currentColor" stroke-width="1.75" />
      {isFailed && <path d="M11 11l10 10m0-10l-10 10" stroke="currentColor" stroke-width="2.5" />}
    </svg>
  );
}
