import type { HostFunction } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import * as files from "./file-operations.ts";
import * as paths from "./path-operations.ts";

/** Makes a host function of an operation: what it throws becomes the error-code of one version. */
export type Answering = <P extends readonly unknown[], T>(
  operation: (context: WasiContext, ...values: P) => T,
) => HostFunction<WasiContext>;

/** The functions of wasi:filesystem/types that are the same in all versions, but for errors. */
export function pathFunctions(
  answering: Answering,
): Readonly<Record<string, HostFunction<WasiContext>>> {
  return {
    "[method]descriptor.advise": answering(files.advise),
    "[method]descriptor.get-flags": answering(files.getFlags),
    "[method]descriptor.set-size": answering(files.setSize),
    "[method]descriptor.set-times": answering(files.setTimes),
    "[method]descriptor.create-directory-at": answering(paths.createDirectory),
    "[method]descriptor.set-times-at": answering(paths.setTimesAt),
    "[method]descriptor.link-at": answering(paths.link),
    "[method]descriptor.open-at": answering(paths.open),
    "[method]descriptor.readlink-at": answering(paths.readLink),
    "[method]descriptor.remove-directory-at": answering(paths.removeDirectory),
    "[method]descriptor.rename-at": answering(paths.rename),
    "[method]descriptor.symlink-at": answering(paths.symlink),
    "[method]descriptor.unlink-file-at": answering(paths.unlinkFile),
    "[method]descriptor.is-same-object": files.isSameObject,
    "[method]descriptor.metadata-hash": answering(files.metadataHash),
    "[method]descriptor.metadata-hash-at": answering(paths.metadataHashAt),
  };
}
