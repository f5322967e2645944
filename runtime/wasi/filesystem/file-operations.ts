import {
  constants,
  fdatasync,
  fstatSync,
  fsync,
  ftruncateSync,
  futimesSync,
  readSync,
} from "node:fs";
import { err, ok } from "../../instance/host-interface.ts";
import type { Result } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import type { WasiContext } from "../context.ts";
import type { Descriptor, DescriptorFlags } from "./descriptor.ts";
import { descriptorStatOf, descriptorTypeOf, metadataHashOf } from "./descriptor-stat.ts";
import type { DescriptorStat, DescriptorType, MetadataHash } from "./descriptor-stat.ts";
import { errorCodeOf, FileFailure } from "./error-code.ts";
import type { ErrorCode } from "./error-code.ts";
import { FileInputStream, fileOffsetMax, FileOutputStream, writeAt } from "./file-streams.ts";
import { newFileTimes } from "./file-times.ts";
import type { NewTimestamp } from "./file-times.ts";
import { OpenFile } from "./open-file.ts";

const bigint = { bigint: true } as const;

/** Throws EINVAL where a read there could not be addressed; beyond the end is no error. */
function readOffset(offset: bigint): bigint {
  if (offset > fileOffsetMax - BigInt(limits.streamReadBytesMax)) {
    throw new FileFailure("EINVAL", "an offset too large");
  }
  return offset;
}

/** Throws EFBIG beyond what Node can count to, EINVAL beyond what any file system can. */
function writeOffset(offset: bigint): bigint {
  if (offset > fileOffsetMax) throw new FileFailure("EINVAL", "an offset too large");
  if (offset > BigInt(Number.MAX_SAFE_INTEGER)) throw new FileFailure("EFBIG", "a file too large");
  return offset;
}

export function readViaStream(
  _context: WasiContext,
  descriptor: Descriptor,
  offset: bigint,
): FileInputStream {
  if (descriptor.isDirectory) throw new FileFailure("EISDIR", "a directory has no bytes to read");
  const start = readOffset(offset);
  return new FileInputStream(descriptor.file.retain(), start);
}

export function writeViaStream(
  _context: WasiContext,
  descriptor: Descriptor,
  offset: bigint,
): FileOutputStream {
  const start = writeOffset(offset);
  void descriptor.writableFd;
  return new FileOutputStream(descriptor.file.retain(), start);
}

/** Through a descriptor of its own: with O_APPEND writers of several instances never overwrite. */
export function appendViaStream(_context: WasiContext, descriptor: Descriptor): FileOutputStream {
  const place = `/proc/self/fd/${descriptor.writableFd}`;
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK;
  return new FileOutputStream(OpenFile.open(descriptor.file.owner, place, flags), undefined);
}

/** Advice is taken and not acted upon. */
export function advise(_context: WasiContext, descriptor: Descriptor): void {
  void descriptor.fileFd;
}

export function getFlags(_context: WasiContext, descriptor: Descriptor): DescriptorFlags {
  return descriptor.flags;
}

export function getType(_context: WasiContext, descriptor: Descriptor): DescriptorType {
  if (descriptor.isDirectory) return "directory";
  return descriptorTypeOf(fstatSync(descriptor.fd, bigint));
}

export function setSize(_context: WasiContext, descriptor: Descriptor, size: bigint): void {
  ftruncateSync(descriptor.writableFd, Number(writeOffset(size)));
}

export function setTimes(
  context: WasiContext,
  descriptor: Descriptor,
  access: NewTimestamp,
  modification: NewTimestamp,
): void {
  descriptor.assertMutable();
  const times = newFileTimes(context.clocks, access, modification, () =>
    fstatSync(descriptor.fd, bigint),
  );
  if (times === undefined) return;
  futimesSync(descriptor.fd, times.accessSeconds, times.modificationSeconds);
}

/** Bytes, and whether the end of the file was reached. */
export function read(
  _context: WasiContext,
  descriptor: Descriptor,
  length: bigint,
  offset: bigint,
): readonly [Uint8Array, boolean] {
  const fd = descriptor.fileFd;
  const max = limits.streamReadBytesMax;
  const buffer = Buffer.allocUnsafe(length > BigInt(max) ? max : Number(length));
  const count = readSync(fd, buffer, 0, buffer.length, readOffset(offset));
  return [buffer.subarray(0, count), count === 0 && buffer.length > 0];
}

export function write(
  _context: WasiContext,
  descriptor: Descriptor,
  bytes: Uint8Array,
  offset: bigint,
): bigint {
  return BigInt(writeAt(descriptor.writableFd, bytes, writeOffset(offset)));
}

export function stat(_context: WasiContext, descriptor: Descriptor): DescriptorStat {
  return descriptorStatOf(fstatSync(descriptor.fd, bigint));
}

/** False for a preopen that is not there: the function cannot say more. */
export function isSameObject(
  _context: WasiContext,
  descriptor: Descriptor,
  other: Descriptor,
): boolean {
  try {
    const one = fstatSync(descriptor.fd, bigint);
    const two = fstatSync(other.fd, bigint);
    return one.dev === two.dev && one.ino === two.ino;
  } catch (error) {
    if (errorCodeOf(error) === undefined) throw error;
    return false;
  }
}

export function metadataHash(_context: WasiContext, descriptor: Descriptor): MetadataHash {
  return metadataHashOf(fstatSync(descriptor.fd, bigint));
}

type Synced = Result<undefined, ErrorCode>;

/** Off the thread: disks may take long. */
export function sync(_context: WasiContext, descriptor: Descriptor): Synced | Promise<Synced> {
  return synchronize(descriptor, fsync);
}

/** As {@link sync}, without the metadata. */
export function syncData(_context: WasiContext, descriptor: Descriptor): Synced | Promise<Synced> {
  return synchronize(descriptor, fdatasync);
}

function synchronize(descriptor: Descriptor, how: typeof fsync): Synced | Promise<Synced> {
  if (!descriptor.flags.write && !descriptor.flags.mutateDirectory) return ok(undefined);
  // The instance may end meanwhile: the number must not become another file's.
  const file = descriptor.file.retain();
  return new Promise((resolve, reject) => {
    how(file.fd, (error) => {
      file.release();
      // What has nothing to synchronize (pipes, some network file systems) answers EINVAL.
      if (error === null || error.code === "EINVAL") return resolve(ok(undefined));
      const code = errorCodeOf(error);
      return code === undefined ? reject(error) : resolve(err(code));
    });
  });
}
