import { InvalidArgumentError } from "commander";
import { isolated, spinReuse } from "../../runtime/trigger/executor/reused-instances.ts";
import type { BoundRange, ReuseLimits } from "../../runtime/trigger/executor/reused-instances.ts";

/** Flags about instances that answer several requests. */
export interface ReuseFlags {
  readonly isolated?: true;
  readonly maxInstanceReuseCount?: BoundRange;
  readonly maxInstanceConcurrentReuseCount?: BoundRange;
  readonly idleInstanceTimeout?: BoundRange;
}

/** What the flags say, Spin's defaults for the others. */
export function reuseLimits(flags: ReuseFlags): ReuseLimits {
  if (flags.isolated === true) return isolated;
  return {
    requestsMax: flags.maxInstanceReuseCount ?? spinReuse.requestsMax,
    concurrentMax: flags.maxInstanceConcurrentReuseCount ?? spinReuse.concurrentMax,
    idleMs: flags.idleInstanceTimeout ?? spinReuse.idleMs,
  };
}

/** `16` or `8..32`, drawn anew for each instance. Throws InvalidArgumentError. */
export function parseCountRange(text: string): BoundRange {
  return parseRange(text, (part) => (/^[1-9]\d{0,8}$/.test(part) ? Number(part) : undefined));
}

/** One number, 1 at least. Throws InvalidArgumentError. */
export function parseCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Write a number, like 100.");
}

const millisecondsPerUnit: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

/** `500ms`, `1s`, `1s..2m`; a number alone is seconds. Throws InvalidArgumentError. */
export function parseDurationRange(text: string): BoundRange {
  return parseRange(text, (part) => {
    const [, digits, unit = "s"] = /^(\d{1,6})(ms|s|m)?$/.exec(part) ?? [];
    return digits === undefined ? undefined : Number(digits) * (millisecondsPerUnit[unit] ?? 1);
  });
}

function parseRange(text: string, parse: (part: string) => number | undefined): BoundRange {
  const [first = "", second = first, ...others] = text.split("..");
  const [min, max] = [parse(first), parse(second)];
  if (min === undefined || max === undefined || others.length > 0 || min > max) {
    throw new InvalidArgumentError("Write one value or two with .. between, like 8..32.");
  }
  return { min, max };
}

/** `10s`, `500ms`, `2m`; a number alone is seconds. Throws InvalidArgumentError. */
export function parseDuration(text: string): number {
  const { min, max } = parseDurationRange(text);
  if (min === max && min > 0) return min;
  throw new InvalidArgumentError("Write a time, like 10s or 500ms.");
}

/** Bytes, also with `k`, `M` or `G` for their powers of 1024. Throws InvalidArgumentError. */
export function parseBytes(text: string): number {
  const [, digits, unit = ""] = /^(\d{1,12})([kMG]?)$/.exec(text) ?? [];
  const bytes = Number(digits) * 1024 ** ["", "k", "M", "G"].indexOf(unit);
  if (bytes > 0) return bytes;
  throw new InvalidArgumentError("Write a number of bytes, like 128M.");
}
