import { isUtf8 } from "node:buffer";
import { opendirSync } from "node:fs";
import type { Dir, Dirent } from "node:fs";
import type { Descriptor } from "./descriptor.ts";
import { descriptorTypeOf } from "./descriptor-stat.ts";
import type { DescriptorType } from "./descriptor-stat.ts";
import { FileFailure } from "./error-code.ts";
import { OpenFiles } from "./open-file.ts";

/** wasi:filesystem/types `directory-entry`. */
export interface DirectoryEntry {
  readonly type: DescriptorType;
  readonly name: string;
}

/** wasi:filesystem/types `directory-entry-stream`; reads the directory as the guest asks. */
export class DirectoryEntries {
  readonly #openFiles: OpenFiles;
  readonly #directory: Dir;

  /** Throws what opendirSync throws, and ENOTDIR. */
  constructor(descriptor: Descriptor) {
    const place = `/proc/self/fd/${descriptor.directoryFd}/.`;
    this.#openFiles = OpenFiles.of(descriptor.file.owner);
    // Node passes "buffer" through, although its types only know text encodings.
    const options = { encoding: "buffer" as BufferEncoding };
    this.#directory = this.#openFiles.add(() => opendirSync(place, options));
  }

  /** The next entry, never `.` or `..`; undefined at the end. Throws EILSEQ for a name not UTF-8. */
  read(): DirectoryEntry | undefined {
    const entry = this.#directory.readSync() as unknown as Dirent<Buffer> | null;
    if (entry === null) return undefined;
    if (!isUtf8(entry.name)) throw new FileFailure("EILSEQ", "a name that is not UTF-8");
    return { type: descriptorTypeOf(entry), name: entry.name.toString("utf8") };
  }

  dispose(): void {
    this.#openFiles.remove();
    this.#directory.closeSync();
  }
}
