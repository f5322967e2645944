import type { VNode } from "preact";
import type { Health } from "../../runtime/telemetry/admin/console-api.ts";
import { healthWords } from "../format/headline.ts";

/** A state as a shape: colour is only added to it. */
export function HealthGlyph({
  health,
  size = 16,
}: {
  readonly health: Health;
  readonly size?: number;
}): VNode {
  return (
    <svg
      class={`glyph ${tones[health]}`}
      viewBox="0 0 16 16"
      width={size}
      height={size}
      role="img"
      aria-label={healthWords[health]}
    >
      {shapes[health]()}
    </svg>
  );
}

const tones: Readonly<Record<Health, string>> = {
  healthy: "",
  idle: "faint",
  pending: "faint",
  degraded: "is-near",
  failing: "is-failed",
};

const ring = { cx: 8, cy: 8, r: 6.25, fill: "none", stroke: "currentColor" } as const;

const shapes: Readonly<Record<Health, () => VNode>> = {
  healthy: () => (
    <>
      <circle {...ring} stroke-width="1.5" />
      <circle cx="8" cy="8" r="3" fill="currentColor" />
    </>
  ),
  idle: () => <circle {...ring} stroke-width="1.25" />,
  pending: () => <circle {...ring} stroke-width="1.5" stroke-dasharray="2.6 2.3" />,
  degraded: () => (
    <>
      <circle {...ring} stroke-width="1.5" />
      <path d="M8 1.75a6.25 6.25 0 0 0 0 12.5Z" fill="currentColor" />
    </>
  ),
  failing: () => (
    <>
      <circle cx="8" cy="8" r="7" fill="currentColor" />
      <path d="M5.5 5.5l5 5m0-5l-5 5" stroke="var(--paper)" stroke-width="1.75" />
    </>
  ),
};
