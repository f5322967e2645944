import { constants, fstatSync } from "node:fs";
import { Descriptor } from "./descriptor.ts";
import type { DescriptorFlags } from "./descriptor.ts";
import { errnoOf, FileFailure } from "./error-code.ts";
import { OpenFile } from "./open-file.ts";
import { PathWalk } from "./path-walk.ts";

/** wasi:filesystem/types `open-flags`. */
export interface OpenFlags {
  readonly create: boolean;
  readonly directory: boolean;
  readonly exclusive: boolean;
  readonly truncate: boolean;
}

export interface OpenRequest {
  readonly path: string;
  readonly symlinkFollow: boolean;
  readonly openFlags: OpenFlags;
  readonly flags: DescriptorFlags;
}

/** Opens a path below `base`. Throws FileFailure and what openSync throws. */
export function openAt(base: Descriptor, request: OpenRequest): Descriptor {
  const directoryFd = base.directoryFd;
  const { openFlags, flags } = request;
  const creates = openFlags.create || openFlags.truncate;
  if (creates || flags.write || flags.mutateDirectory) base.assertMutable();
  if (openFlags.directory && (creates || openFlags.exclusive)) {
    throw new FileFailure("EINVAL", "directories are not made by opening them");
  }
  using walk = new PathWalk(directoryFd, request.path, "entry");
  const file = openLast(base, walk, request);
  try {
    const isDirectory = fstatSync(file.fd).isDirectory();
    return new Descriptor(file, { isDirectory, isMutable: base.isMutable, flags });
  } catch (error) {
    file.release();
    throw error;
  }
}

/** Most paths end at no link: opens at once, and looks for a link where that fails. */
function openLast(base: Descriptor, walk: PathWalk, request: OpenRequest): OpenFile {
  const hostFlags = hostFlagsOf(request);
  for (;;) {
    if (walk.mustBeDirectory && request.openFlags.create) {
      throw new FileFailure("EISDIR", "a path with a slash at its end names no file");
    }
    const directoryFlag = walk.mustBeDirectory ? constants.O_DIRECTORY : 0;
    try {
      return OpenFile.open(base.file.owner, walk.place, hostFlags | directoryFlag);
    } catch (error) {
      const errno = errnoOf(error);
      const mayBeLink = errno === "ELOOP" || errno === "ENOTDIR";
      const mayFollow = request.symlinkFollow || walk.mustBeDirectory;
      if (!mayBeLink || !mayFollow || !walk.followLink()) throw error;
    }
  }
}

function hostFlagsOf({ openFlags, flags }: OpenRequest): number {
  // Without O_NONBLOCK a guest could stop the whole thread by opening a pipe.
  let host = constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
  const writes = flags.write || openFlags.truncate;
  if (writes) host |= flags.read ? constants.O_RDWR : constants.O_WRONLY;
  if (openFlags.create) host |= constants.O_CREAT;
  if (openFlags.create && openFlags.exclusive) host |= constants.O_EXCL;
  if (openFlags.truncate) host |= constants.O_TRUNC;
  if (openFlags.directory) host |= constants.O_DIRECTORY;
  if (flags.fileIntegritySync || flags.requestedWriteSync) host |= constants.O_SYNC;
  if (flags.dataIntegritySync) host |= constants.O_DSYNC;
  return host;
}
