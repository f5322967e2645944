import { createHash, randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { errorText, ShimError } from "../error.ts";
import { pathInRoot } from "../host/path-in-root.ts";
import { shimLimits } from "../limits.ts";
import type { ConfigurationFiles } from "./plan-configuration.ts";

/**
 * Files of a node whose root is mounted at some folder. Paths are the node's own; symbolic links
 * lead where they do on the node. What is written is there as a whole or not at all, also if the
 * machine loses its power. Throws ShimError `failed_precondition`, naming what cannot be written.
 */
export class NodeFiles implements ConfigurationFiles {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** Where this process finds a path of the node. */
  at(path: string): string {
    return pathInRoot(this.root, path);
  }

  exists(path: string): boolean {
    return existsSync(this.at(path));
  }

  read(path: string): string | undefined {
    const file = this.at(path);
    const found = statSync(file, { throwIfNoEntry: false });
    if (found?.isFile() !== true) return undefined;
    if (found.size > shimLimits.agent.fileBytesMax) {
      throw new ShimError("resource_exhausted", `${path} has ${found.size} bytes`);
    }
    return readFileSync(file, "utf8");
  }

  /** Names of what is in a folder; none where there is no such folder. */
  list(folder: string): readonly string[] {
    const path = this.at(folder);
    return existsSync(path) ? readdirSync(path).toSorted() : [];
  }

  /** Milliseconds since 1970; 0 where there is no such file. */
  modifiedMs(path: string): number {
    return statSync(this.at(path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  }

  /** Writes a file; one that was there keeps its owner and permissions. */
  write(path: string, content: string | Uint8Array, mode = 0o644): void {
    const file = this.at(path);
    attempt(path, () => {
      makeFolders(dirname(file));
      const temporary = join(dirname(file), `.${basename(file)}.${randomUUID()}`);
      try {
        writeWhole(temporary, content, { mode, like: file });
        renameSync(temporary, file);
      } finally {
        rmSync(temporary, { force: true });
      }
      syncFolder(dirname(file));
    });
  }

  /**
   * Copies a file of this process's own file system to the node.
   * @throws ShimError `data_loss` if it has another SHA-256
   */
  copyIn(
    source: string,
    path: string,
    expected: { readonly mode: number; readonly sha256: string },
  ): void {
    const file = this.at(path);
    attempt(path, () => {
      makeFolders(dirname(file));
      const temporary = join(dirname(file), `.${basename(file)}.${randomUUID()}`);
      try {
        if (copyWhole(source, temporary, expected.mode) !== expected.sha256) {
          throw new ShimError("data_loss", `${source} of the agent's image is damaged`);
        }
        renameSync(temporary, file);
      } finally {
        rmSync(temporary, { force: true });
      }
    });
  }

  makeFolder(path: string): void {
    attempt(path, () => makeFolders(this.at(path)));
  }

  remove(path: string): void {
    attempt(path, () => rmSync(this.at(path), { recursive: true, force: true }));
  }

  /** Does nothing to a folder that holds something. */
  removeEmptyFolder(path: string): void {
    const folder = this.at(path);
    if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
  }

  /** What a symbolic link names; undefined where there is none. */
  linkTarget(path: string): string | undefined {
    try {
      return readlinkSync(this.#entry(path));
    } catch {
      return undefined;
    }
  }

  /** Makes a symbolic link, or lets it name something else from one moment to the next. */
  link(path: string, target: string): void {
    attempt(path, () => {
      const entry = this.#entry(path);
      const temporary = `${entry}.${randomUUID()}`;
      symlinkSync(target, temporary);
      renameSync(temporary, entry);
      syncFolder(dirname(entry));
    });
  }

  removeLink(path: string): void {
    attempt(path, () => rmSync(this.#entry(path), { force: true }));
  }

  /** The path itself, where a link is meant and not what it names. */
  #entry(path: string): string {
    return join(this.at(dirname(path)), basename(path));
  }
}

const copyBytes = 1024 * 1024;

/** Hexadecimal SHA-256. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Step by step: Node's own way does not end on file systems of the kernel, such as /proc. */
function makeFolders(folder: string): void {
  if (existsSync(folder)) return;
  makeFolders(dirname(folder));
  try {
    mkdirSync(folder, 0o755);
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function writeWhole(
  file: string,
  content: string | Uint8Array,
  { mode, like }: { readonly mode: number; readonly like: string },
): void {
  const fd = openSync(file, "wx", mode);
  try {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    for (let at = 0; at < bytes.length; at += writeSync(fd, bytes, at));
    const known = statSync(like, { throwIfNoEntry: false });
    // What the process' mask took away.
    fchmodSync(fd, known === undefined ? mode : known.mode & 0o7777);
    if (known !== undefined) fchownSync(fd, known.uid, known.gid);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** In pieces: a program is larger than the memory that an agent is given. */
function copyWhole(source: string, target: string, mode: number): string {
  const hash = createHash("sha256");
  const piece = Buffer.alloc(copyBytes);
  const from = openSync(source, "r");
  const to = openSync(target, "wx", mode);
  try {
    for (let bytes = readSync(from, piece); bytes > 0; bytes = readSync(from, piece)) {
      const content = piece.subarray(0, bytes);
      hash.update(content);
      for (let at = 0; at < bytes; at += writeSync(to, content, at));
    }
    fchmodSync(to, mode);
    fsyncSync(to);
  } finally {
    closeSync(from);
    closeSync(to);
  }
  return hash.digest("hex");
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

const advice: Readonly<Record<string, string>> = {
  EROFS: "its file system is read-only; choose another one (--install-folder, --containerd-config)",
  EACCES: "this is not permitted; the agent has to run privileged, as root",
  EPERM: "this is not permitted; the agent has to run privileged, as root",
  ENOSPC: "its file system is full",
  ENOTDIR: "a part of the path is no folder",
};

function attempt(path: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    if (error instanceof ShimError) throw error;
    const reason = advice[(error as NodeJS.ErrnoException).code ?? ""] ?? errorText(error);
    throw new ShimError("failed_precondition", `cannot write ${path} on the node: ${reason}`, {
      cause: error,
    });
  }
}
