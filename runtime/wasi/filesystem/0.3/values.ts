import type { BigIntStats } from "node:fs";
import { instantOf } from "../../clocks/0.3/clocks-interfaces.ts";
import type { Instant } from "../../clocks/0.3/clocks-interfaces.ts";
import { descriptorTypeOf } from "../descriptor-stat.ts";
import type { DescriptorType } from "../descriptor-stat.ts";
import type { DirectoryEntry } from "../directory-entries.ts";
import { errorCodeOf } from "../error-code.ts";
import type { ErrorCode } from "../error-code.ts";

/** wasi:filesystem/types@0.3 `descriptor-type`. */
export type DescriptorType03 =
  | { readonly tag: Exclude<DescriptorType, "unknown">; readonly val: undefined }
  | { readonly tag: "other"; readonly val: string | undefined };

/** wasi:filesystem/types@0.3 `error-code`. */
export type ErrorCode03 =
  | { readonly tag: Exclude<ErrorCode, "would-block">; readonly val: undefined }
  | { readonly tag: "other"; readonly val: string | undefined };

/** wasi:filesystem/types@0.3 `descriptor-stat`. */
export interface DescriptorStat03 {
  readonly type: DescriptorType03;
  readonly linkCount: bigint;
  readonly size: bigint;
  readonly dataAccessTimestamp: Instant;
  readonly dataModificationTimestamp: Instant;
  readonly statusChangeTimestamp: Instant;
}

/** wasi:filesystem/types@0.3 `directory-entry`. */
export interface DirectoryEntry03 {
  readonly type: DescriptorType03;
  readonly name: string;
}

export function descriptorType03(type: DescriptorType): DescriptorType03 {
  if (type === "unknown") return { tag: "other", val: undefined };
  return { tag: type, val: undefined };
}

/** The error-code of what `node:fs` threw; undefined for anything else, which is a fault of ours. */
export function errorCode03Of(error: unknown): ErrorCode03 | undefined {
  const code = errorCodeOf(error);
  if (code === undefined) return undefined;
  if (code === "would-block") return { tag: "other", val: code };
  return { tag: code, val: undefined };
}

export function descriptorStat03(stats: BigIntStats): DescriptorStat03 {
  return {
    type: descriptorType03(descriptorTypeOf(stats)),
    linkCount: stats.nlink,
    size: stats.size,
    dataAccessTimestamp: instantOf(stats.atimeNs),
    dataModificationTimestamp: instantOf(stats.mtimeNs),
    statusChangeTimestamp: instantOf(stats.ctimeNs),
  };
}

export function directoryEntry03({ type, name }: DirectoryEntry): DirectoryEntry03 {
  return { type: descriptorType03(type), name };
}
