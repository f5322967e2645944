import { FileFailure } from "./error-code.ts";
import type { OpenFile } from "./open-file.ts";

/** wasi:filesystem/types `descriptor-flags`. */
export interface DescriptorFlags {
  readonly read: boolean;
  readonly write: boolean;
  readonly fileIntegritySync: boolean;
  readonly dataIntegritySync: boolean;
  readonly requestedWriteSync: boolean;
  readonly mutateDirectory: boolean;
}

/** wasi:filesystem/types `descriptor`: a file or directory that the guest holds open. */
export class Descriptor {
  readonly file: OpenFile;
  readonly isDirectory: boolean;
  readonly flags: DescriptorFlags;
  /**
   * Whether the preopen that it comes from is writable. Subdirectories inherit it even where the
   * guest did not ask for `mutate-directory`: C libraries never do, and expect to write.
   */
  readonly isMutable: boolean;

  constructor(
    file: OpenFile,
    about: {
      readonly isDirectory: boolean;
      readonly isMutable: boolean;
      readonly flags: DescriptorFlags;
    },
  ) {
    this.file = file;
    this.isDirectory = about.isDirectory;
    this.isMutable = about.isMutable;
    this.flags = {
      ...about.flags,
      write: about.flags.write && !about.isDirectory,
      mutateDirectory: about.isDirectory && about.isMutable,
    };
  }

  get fd(): number {
    return this.file.fd;
  }

  /** Its fd; throws EBADF for a directory. */
  get fileFd(): number {
    if (this.isDirectory) throw new FileFailure("EBADF", "a directory where a file is needed");
    return this.file.fd;
  }

  /** Its fd; throws EBADF unless it is a file opened for writing. */
  get writableFd(): number {
    const fd = this.fileFd;
    if (!this.flags.write) throw new FileFailure("EBADF", "the file was not opened for writing");
    return fd;
  }

  /** Its fd; throws ENOTDIR for a file. */
  get directoryFd(): number {
    if (!this.isDirectory) throw new FileFailure("ENOTDIR", "a file where a directory is needed");
    return this.file.fd;
  }

  /** Throws EROFS below a read-only preopen. */
  assertMutable(): void {
    if (!this.isMutable) throw new FileFailure("EROFS", "the directory is mounted read-only");
  }

  /** Its fd; throws ENOTDIR for a file and EROFS below a read-only preopen. */
  get mutableDirectoryFd(): number {
    const fd = this.directoryFd;
    this.assertMutable();
    return fd;
  }

  dispose(): void {
    this.file.release();
  }
}
