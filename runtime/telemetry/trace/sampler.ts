import { lotDigits, lots } from "./trace-ids.ts";
import type { TraceContext } from "./trace-context.ts";

/** Decides which traces are recorded. */
export interface Sampler {
  /** A trace that another process has begun. */
  continues(parent: Pick<TraceContext, "traceId" | "isSampled">): boolean;
  /** One that begins here, by the lot that its id ends with. */
  begins(lot: number): boolean;
}

/** Names that `OTEL_TRACES_SAMPLER` may have here. */
export const samplerNames = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;

export type SamplerName = (typeof samplerNames)[number];

/** `ratio` is between 0 and 1 and counts for the samplers that are named after it. */
export function createSampler(name: SamplerName, ratio = 1): Sampler {
  const shares: Readonly<Record<string, number>> = { always_on: 1, always_off: 0 };
  const bound = (shares[name.replace("parentbased_", "")] ?? ratio) * lots;
  const begins = (lot: number): boolean => lot < bound;
  const continues: Sampler["continues"] = name.startsWith("parentbased_")
    ? ({ isSampled }) => isSampled
    : ({ traceId }) => begins(Number.parseInt(traceId.slice(-lotDigits), 16));
  return { begins, continues };
}
