import { closeSync, constants, openSync } from "node:fs";
import { limits } from "../../limits.ts";
import type { FilesystemContext } from "../context.ts";
import { FileFailure } from "./error-code.ts";

/** Per instance: a private field of an object that the embedder makes. */
const openFilesOf = new WeakMap<FilesystemContext, OpenFiles>();

/** Counts what one instance holds open, so that it cannot use up its host process's descriptors. */
export class OpenFiles {
  #count = 0;

  static of(owner: FilesystemContext): OpenFiles {
    let files = openFilesOf.get(owner);
    if (files === undefined) {
      files = new OpenFiles();
      openFilesOf.set(owner, files);
    }
    return files;
  }

  /** Throws EMFILE beyond `limits.openFilesMax`, and what `open` throws. */
  add<T>(open: () => T): T {
    if (this.#count >= limits.openFilesMax) {
      throw new FileFailure("EMFILE", `the guest has ${this.#count} files open`);
    }
    const opened = open();
    this.#count += 1;
    return opened;
  }

  remove(): void {
    this.#count -= 1;
  }
}

/** A file descriptor of the host, open until every owner (descriptor, stream) has released it. */
export class OpenFile {
  readonly owner: FilesystemContext;
  readonly #place: string;
  readonly #flags: number;
  #fd: number | undefined;
  #references = 1;

  private constructor(owner: FilesystemContext, place: string, flags: number) {
    this.owner = owner;
    this.#place = place;
    this.#flags = flags;
  }

  /** Throws what openSync throws, and EMFILE. */
  static open(owner: FilesystemContext, place: string, flags: number): OpenFile {
    const file = new OpenFile(owner, place, flags);
    file.#open();
    return file;
  }

  /**
   * A directory of the embedder that is opened when it is first used: C libraries ask for the
   * preopens at start, and most guests never touch one.
   */
  static lazyDirectory(owner: FilesystemContext, hostPath: string): OpenFile {
    return new OpenFile(owner, hostPath, constants.O_RDONLY | constants.O_DIRECTORY);
  }

  /** Opens a lazy directory; throws as {@link open} does. */
  get fd(): number {
    return this.#fd ?? this.#open();
  }

  /** One more owner. */
  retain(): this {
    this.#references += 1;
    return this;
  }

  /** One owner less; the last one closes. */
  release(): void {
    this.#references -= 1;
    if (this.#references > 0 || this.#fd === undefined) return;
    const fd = this.#fd;
    this.#fd = undefined;
    OpenFiles.of(this.owner).remove();
    closeSync(fd);
  }

  #open(): number {
    const fd = OpenFiles.of(this.owner).add(() => openSync(this.#place, this.#flags, 0o666));
    this.#fd = fd;
    return fd;
  }
}
