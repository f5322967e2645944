import { hash } from "node:crypto";
import type { BigIntStats, Dirent } from "node:fs";
import { datetimeOf } from "../clocks/datetime.ts";
import type { Datetime } from "../clocks/datetime.ts";

/** wasi:filesystem/types `descriptor-type`. */
export type DescriptorType =
  | "unknown"
  | "block-device"
  | "character-device"
  | "directory"
  | "fifo"
  | "symbolic-link"
  | "regular-file"
  | "socket";

/** wasi:filesystem/types `descriptor-stat`. */
export interface DescriptorStat {
  readonly type: DescriptorType;
  readonly linkCount: bigint;
  readonly size: bigint;
  readonly dataAccessTimestamp: Datetime | undefined;
  readonly dataModificationTimestamp: Datetime | undefined;
  readonly statusChangeTimestamp: Datetime | undefined;
}

/** wasi:filesystem/types `metadata-hash-value`. */
export interface MetadataHash {
  readonly lower: bigint;
  readonly upper: bigint;
}

export function descriptorTypeOf(entry: BigIntStats | Dirent<Buffer>): DescriptorType {
  if (entry.isFile()) return "regular-file";
  if (entry.isDirectory()) return "directory";
  if (entry.isSymbolicLink()) return "symbolic-link";
  if (entry.isCharacterDevice()) return "character-device";
  if (entry.isBlockDevice()) return "block-device";
  if (entry.isFIFO()) return "fifo";
  return entry.isSocket() ? "socket" : "unknown";
}

export function descriptorStatOf(stats: BigIntStats): DescriptorStat {
  return {
    type: descriptorTypeOf(stats),
    linkCount: stats.nlink,
    size: stats.size,
    dataAccessTimestamp: datetimeOf(stats.atimeNs),
    dataModificationTimestamp: datetimeOf(stats.mtimeNs),
    statusChangeTimestamp: datetimeOf(stats.ctimeNs),
  };
}

/**
 * Of device and inode alone: the preview 1 adapter shows it to guests as the inode number, which
 * must not change when the file does.
 */
export function metadataHashOf(stats: BigIntStats): MetadataHash {
  const digest = hash("sha256", `${stats.dev}:${stats.ino}`, "buffer");
  return { lower: digest.readBigUInt64LE(0), upper: digest.readBigUInt64LE(8) };
}
