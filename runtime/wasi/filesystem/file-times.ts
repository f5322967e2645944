import type { BigIntStats } from "node:fs";
import type { Datetime } from "../clocks/datetime.ts";
import type { ClocksContext } from "../context.ts";
import { FileFailure } from "./error-code.ts";

/** wasi:filesystem/types `new-timestamp`. */
export type NewTimestamp =
  | { readonly tag: "no-change"; readonly val?: undefined }
  | { readonly tag: "now"; readonly val?: undefined }
  | { readonly tag: "timestamp"; readonly val: Datetime };

/** About 34,000 years: as far as file systems go, and exact enough as a number. */
const secondsMax = 1n << 40n;

/** What a pair of timestamps is set to, in seconds since 1970. */
export interface FileTimes {
  readonly accessSeconds: number;
  readonly modificationSeconds: number;
}

/**
 * Undefined when nothing is to change. `current` is asked only where one of the two stays. Node
 * sets times as double seconds: they are exact to about a quarter of a microsecond. Throws
 * EOVERFLOW.
 */
export function newFileTimes(
  clocks: ClocksContext,
  access: NewTimestamp,
  modification: NewTimestamp,
  current: () => BigIntStats,
): FileTimes | undefined {
  if (access.tag === "no-change" && modification.tag === "no-change") return undefined;
  return {
    accessSeconds: newSeconds(clocks, access) ?? Number(current().atimeNs) / 1e9,
    modificationSeconds: newSeconds(clocks, modification) ?? Number(current().mtimeNs) / 1e9,
  };
}

function newSeconds(clocks: ClocksContext, time: NewTimestamp): number | undefined {
  if (time.tag === "no-change") return undefined;
  if (time.tag === "now") return Number(clocks.wallNs()) / 1e9;
  const { seconds, nanoseconds } = time.val;
  if (seconds > secondsMax) throw new FileFailure("EOVERFLOW", "a time too far in the future");
  return Number(seconds) + nanoseconds / 1e9;
}
