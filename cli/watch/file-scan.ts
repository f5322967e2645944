import { createHash } from "node:crypto";
import type { Stats } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { WhorlError } from "../../runtime/error.ts";
import { limits } from "../../runtime/limits.ts";
import type { WatchedPattern } from "./watched-pattern.ts";

/** The state of files at one time. */
export interface FileScan {
  /** By absolute path. */
  readonly files: ReadonlyMap<string, FileStamp>;
  /** Directories in which a change could add, remove or change one of the files. */
  readonly directories: ReadonlySet<string>;
}

export interface FileStamp {
  readonly size: number;
  readonly mtimeMs: number;
  readonly inode: number;
  /** Equal for equal content. */
  readonly digest: string;
}

/** Nothing yet. */
export const emptyScan: FileScan = { files: new Map(), directories: new Set() };

/** What tools write and nobody edits; only looked into by patterns that name them. */
const ignoredNames: ReadonlySet<string> = new Set([
  "node_modules",
  "target",
  ".git",
  ".spin",
  ".venv",
  "__pycache__",
]);

/**
 * Looks at all files that match. Content is read only of files that differ from the `previous`
 * scan in time or size.
 * @throws WhorlError `limit` when there are too many files or directories.
 */
export async function scanFiles(
  patterns: readonly WatchedPattern[],
  previous: FileScan = emptyScan,
): Promise<FileScan> {
  const scan = new RunningScan(previous);
  for (const each of patterns) await scan.add(each);
  return scan;
}

/** Paths that are new, gone or have another content, sorted. */
export function changedFiles(before: FileScan, after: FileScan): string[] {
  const paths = new Set([...before.files.keys(), ...after.files.keys()]);
  return [...paths]
    .filter((path) => before.files.get(path)?.digest !== after.files.get(path)?.digest)
    .toSorted();
}

class RunningScan implements FileScan {
  readonly files = new Map<string, FileStamp>();
  readonly directories = new Set<string>();
  readonly #previous: FileScan;

  constructor(previous: FileScan) {
    this.#previous = previous;
  }

  async add(watched: WatchedPattern): Promise<void> {
    const { base, depthMax } = watched.pattern;
    await this.#walk(join(watched.directory, base), { watched, path: base, depth: depthMax });
  }

  async #walk(directory: string, at: Place): Promise<void> {
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => undefined);
    if (entries === undefined) {
      this.#addDirectory(await existingParent(directory));
      return;
    }
    this.#addDirectory(directory);
    for (const entry of entries) {
      const path = at.path === "" ? entry.name : `${at.path}/${entry.name}`;
      const full = join(directory, entry.name);
      if (entry.isDirectory()) {
        if (at.depth <= 1 || ignoredNames.has(entry.name)) continue;
        await this.#walk(full, { ...at, path, depth: at.depth - 1 });
      } else if (at.watched.pattern.matches(path)) {
        await this.#addFile(full);
      }
    }
  }

  #addDirectory(directory: string): void {
    this.directories.add(directory);
    if (this.directories.size <= limits.watchedDirectoriesMax) return;
    throw new WhorlError(
      "limit",
      `more than ${limits.watchedDirectoriesMax} directories would be watched (${directory} is one); make the patterns of build.watch narrower`,
    );
  }

  async #addFile(path: string): Promise<void> {
    if (this.files.has(path)) return;
    const stamp = await readStamp(path, this.#previous.files.get(path));
    if (stamp !== undefined) this.files.set(path, stamp);
    if (this.files.size <= limits.watchedFilesMax) return;
    throw new WhorlError(
      "limit",
      `more than ${limits.watchedFilesMax} files would be watched; make the patterns of build.watch narrower`,
    );
  }
}

interface Place {
  readonly watched: WatchedPattern;
  /** From the pattern's directory. */
  readonly path: string;
  /** Levels that a match can still be below. */
  readonly depth: number;
}

/** Undefined for what is no file, or is gone meanwhile. */
async function readStamp(
  path: string,
  previous: FileStamp | undefined,
): Promise<FileStamp | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || !found.isFile()) return undefined;
  const { size, mtimeMs, ino: inode } = found;
  const isSame =
    previous?.size === size && previous.mtimeMs === mtimeMs && previous.inode === inode;
  if (isSame) return previous;
  return { size, mtimeMs, inode, digest: await contentDigest(path, found) };
}

async function contentDigest(path: string, { size, mtimeMs }: Stats): Promise<string> {
  if (size > limits.watchedContentBytesMax) return `${size} ${mtimeMs}`;
  const content = await readFile(path).catch(() => "");
  return createHash("sha256").update(content).digest("base64");
}

async function existingParent(directory: string): Promise<string> {
  let parent = directory;
  while (dirname(parent) !== parent) {
    parent = dirname(parent);
    const found = await stat(parent).catch(() => undefined);
    if (found?.isDirectory() === true) return parent;
  }
  return parent;
}
