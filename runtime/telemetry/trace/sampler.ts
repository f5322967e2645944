import type { TraceContext } from "./trace-context.ts";

/** Decides which traces are recorded: `parent` is undefined for the first span of a trace. */
export type Sampler = (traceId: string, parent: TraceContext | undefined) => boolean;

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
  const root = rootSampler(name.replace("parentbased_", ""), ratio);
  if (!name.startsWith("parentbased_")) return root;
  return (traceId, parent) => (parent === undefined ? root(traceId, parent) : parent.isSampled);
}

function rootSampler(name: string, ratio: number): Sampler {
  if (name === "always_on" || (name === "traceidratio" && ratio >= 1)) return () => true;
  if (name === "always_off" || ratio <= 0) return () => false;
  // The last 7 bytes of a trace id are random (W3C level 2); 52 bits are exact in a number. All
  // identifiers have as many digits: as texts they compare as their numbers do.
  const bound = Math.min(Math.ceil(ratio * 2 ** 52), 2 ** 52 - 1)
    .toString(16)
    .padStart(digitsCompared, "0");
  return (traceId) => traceId.slice(-digitsCompared) < bound;
}

const digitsCompared = 13;
