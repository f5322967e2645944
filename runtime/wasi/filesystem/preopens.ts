import type { HostInterface } from "../../instance/host-interface.ts";
import type { FilesystemContext, Preopen, WasiContext } from "../context.ts";
import { Descriptor } from "./descriptor.ts";
import type { DescriptorFlags } from "./descriptor.ts";
import { OpenFile } from "./open-file.ts";

const preopenFlags: DescriptorFlags = {
  read: true,
  write: false,
  fileIntegritySync: false,
  dataIntegritySync: false,
  requestedWriteSync: false,
  mutateDirectory: true,
};

/** wasi:filesystem/preopens. A directory that is not there shows as an error when it is used. */
export const preopens: HostInterface<WasiContext> = {
  name: "wasi:filesystem/preopens",
  version: "0.2.12",
  functions: {
    "get-directories": ({ filesystem }: WasiContext) =>
      filesystem.preopens.map((preopen) => [openPreopen(filesystem, preopen), preopen.guestPath]),
  },
  suspending: new Set(),
  resources: {},
};

function openPreopen(owner: FilesystemContext, preopen: Preopen): Descriptor {
  return new Descriptor(OpenFile.lazyDirectory(owner, preopen.hostPath), {
    isDirectory: true,
    isMutable: preopen.writable,
    flags: preopenFlags,
  });
}
