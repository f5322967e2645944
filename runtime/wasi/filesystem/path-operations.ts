import { isUtf8 } from "node:buffer";
import {
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import type { BigIntStats } from "node:fs";
import type { WasiContext } from "../context.ts";
import type { Descriptor, DescriptorFlags } from "./descriptor.ts";
import { descriptorStatOf, metadataHashOf } from "./descriptor-stat.ts";
import type { DescriptorStat, MetadataHash } from "./descriptor-stat.ts";
import { FileFailure } from "./error-code.ts";
import { newFileTimes } from "./file-times.ts";
import type { NewTimestamp } from "./file-times.ts";
import { openAt } from "./open-at.ts";
import type { OpenFlags } from "./open-at.ts";
import { PathWalk } from "./path-walk.ts";
import type { LastStep } from "./path-walk.ts";

/** wasi:filesystem/types `path-flags`. */
export interface PathFlags {
  readonly symlinkFollow: boolean;
}

function lastStep(flags: PathFlags): LastStep {
  return flags.symlinkFollow ? "follow" : "stay";
}

function lstat(walk: PathWalk): BigIntStats {
  const stats = lstatSync(walk.place, { bigint: true });
  if (walk.mustBeDirectory && !stats.isDirectory()) {
    throw new FileFailure("ENOTDIR", "a slash follows something that is not a directory");
  }
  return stats;
}

export function open(
  _context: WasiContext,
  base: Descriptor,
  pathFlags: PathFlags,
  path: string,
  openFlags: OpenFlags,
  flags: DescriptorFlags,
): Descriptor {
  return openAt(base, { path, symlinkFollow: pathFlags.symlinkFollow, openFlags, flags });
}

export function createDirectory(_context: WasiContext, base: Descriptor, path: string): void {
  using walk = new PathWalk(base.mutableDirectoryFd, path, "entry");
  mkdirSync(walk.place);
}

export function statAt(
  _context: WasiContext,
  base: Descriptor,
  flags: PathFlags,
  path: string,
): DescriptorStat {
  return descriptorStatOf(lstatAt(base, flags, path));
}

/** What the operating system knows about a path. Throws FileFailure and what lstatSync throws. */
export function lstatAt(base: Descriptor, flags: PathFlags, path: string): BigIntStats {
  using walk = new PathWalk(base.directoryFd, path, lastStep(flags));
  return lstat(walk);
}

export function metadataHashAt(
  _context: WasiContext,
  base: Descriptor,
  flags: PathFlags,
  path: string,
): MetadataHash {
  using walk = new PathWalk(base.directoryFd, path, lastStep(flags));
  return metadataHashOf(lstat(walk));
}

export function setTimesAt(
  context: WasiContext,
  base: Descriptor,
  flags: PathFlags,
  path: string,
  access: NewTimestamp,
  modification: NewTimestamp,
): void {
  using walk = new PathWalk(base.mutableDirectoryFd, path, lastStep(flags));
  const current = lstat(walk);
  const times = newFileTimes(context.clocks, access, modification, () => current);
  if (times === undefined) return;
  lutimesSync(walk.place, times.accessSeconds, times.modificationSeconds);
}

export function link(
  _context: WasiContext,
  base: Descriptor,
  flags: PathFlags,
  oldPath: string,
  newBase: Descriptor,
  newPath: string,
): void {
  const step = flags.symlinkFollow ? "follow" : "entry";
  using from = new PathWalk(base.mutableDirectoryFd, oldPath, step);
  using to = new PathWalk(newBase.mutableDirectoryFd, newPath, "entry");
  from.assertSlash();
  linkSync(from.place, nameWithoutSlash(to));
}

/** The place of something new that is no directory; throws ENOENT if the path says it is one. */
function nameWithoutSlash(walk: PathWalk): string {
  if (walk.mustBeDirectory) {
    lstatSync(walk.place);
    throw new FileFailure("EEXIST", "a path with a slash at its end names no file");
  }
  return walk.place;
}

/** The link's text; EPERM if it is absolute: it would tell about the host. */
export function readLink(_context: WasiContext, base: Descriptor, path: string): string {
  using walk = new PathWalk(base.directoryFd, path, "entry");
  walk.assertSlash();
  const target = readlinkSync(walk.place, "buffer");
  if (!isUtf8(target)) throw new FileFailure("EILSEQ", "the link is not UTF-8");
  const text = target.toString("utf8");
  if (text.startsWith("/")) throw new FileFailure("EPERM", "the link is absolute");
  return text;
}

export function removeDirectory(_context: WasiContext, base: Descriptor, path: string): void {
  using walk = new PathWalk(base.mutableDirectoryFd, path, "entry");
  walk.assertSlash();
  rmdirSync(walk.place);
}

export function rename(
  _context: WasiContext,
  base: Descriptor,
  oldPath: string,
  newBase: Descriptor,
  newPath: string,
): void {
  using from = new PathWalk(base.mutableDirectoryFd, oldPath, "entry");
  using to = new PathWalk(newBase.mutableDirectoryFd, newPath, "entry");
  from.assertSlash();
  if (to.mustBeDirectory && !lstatSync(from.place).isDirectory()) {
    throw new FileFailure("ENOTDIR", "a file cannot take the name of a directory");
  }
  renameSync(from.place, to.place);
}

/** EPERM for an absolute target. A relative one may lead anywhere: walking it is what is confined. */
export function symlink(
  _context: WasiContext,
  base: Descriptor,
  target: string,
  path: string,
): void {
  if (target.startsWith("/")) throw new FileFailure("EPERM", "the link would be absolute");
  if (target.includes("\0")) throw new FileFailure("EINVAL", "a path with a NUL character");
  using walk = new PathWalk(base.mutableDirectoryFd, path, "entry");
  symlinkSync(target, nameWithoutSlash(walk));
}

export function unlinkFile(_context: WasiContext, base: Descriptor, path: string): void {
  using walk = new PathWalk(base.mutableDirectoryFd, path, "entry");
  walk.assertSlash();
  unlinkSync(walk.place);
}
