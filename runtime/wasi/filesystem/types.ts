import { err, ok } from "../../instance/host-interface.ts";
import type { HostFunction, HostInterface, Result } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import type { IoError } from "../io/streams.ts";
import type { Descriptor } from "./descriptor.ts";
import { DirectoryEntries } from "./directory-entries.ts";
import type { DirectoryEntry } from "./directory-entries.ts";
import { errorCodeOf } from "./error-code.ts";
import type { ErrorCode } from "./error-code.ts";
import * as files from "./file-operations.ts";
import { pathFunctions } from "./path-functions.ts";
import * as paths from "./path-operations.ts";

/**
 * wasi:filesystem/types. Files are read and written at once, on the guest's own thread; only
 * `sync` and `sync-data` suspend. Guests stay below their preopens (see PathWalk).
 */
export const types: HostInterface<WasiContext> = {
  name: "wasi:filesystem/types",
  version: "0.2.12",
  functions: {
    ...pathFunctions(answering),
    "[method]descriptor.read-via-stream": answering(files.readViaStream),
    "[method]descriptor.write-via-stream": answering(files.writeViaStream),
    "[method]descriptor.append-via-stream": answering(files.appendViaStream),
    "[method]descriptor.sync-data": files.syncData,
    "[method]descriptor.get-type": answering(files.getType),
    "[method]descriptor.read": answering(files.read),
    "[method]descriptor.write": answering(files.write),
    "[method]descriptor.read-directory": answering(readDirectory),
    "[method]descriptor.sync": files.sync,
    "[method]descriptor.stat": answering(files.stat),
    "[method]descriptor.stat-at": answering(paths.statAt),
    "[method]directory-entry-stream.read-directory-entry": answering(readDirectoryEntry),
    "filesystem-error-code": (_context: WasiContext, error: IoError) => errorCodeOf(error.cause),
  },
  suspending: new Set(["[method]descriptor.sync", "[method]descriptor.sync-data"]),
  resources: {
    descriptor: { drop: (_context, descriptor) => (descriptor as Descriptor).dispose() },
    "directory-entry-stream": {
      drop: (_context, entries) => (entries as DirectoryEntries).dispose(),
    },
  },
};

/** The function with its errors as `err(error-code)`; anything else that it throws is a trap. */
function answering<P extends readonly unknown[], T>(
  operation: (context: WasiContext, ...values: P) => T,
): HostFunction<WasiContext> {
  return (context: WasiContext, ...values: P): Result<T, ErrorCode> => {
    try {
      return ok(operation(context, ...values));
    } catch (error) {
      const code = errorCodeOf(error);
      if (code === undefined) throw error;
      return err(code);
    }
  };
}

function readDirectory(_context: WasiContext, descriptor: Descriptor): DirectoryEntries {
  return new DirectoryEntries(descriptor);
}

function readDirectoryEntry(
  _context: WasiContext,
  entries: DirectoryEntries,
): DirectoryEntry | undefined {
  return entries.read();
}
