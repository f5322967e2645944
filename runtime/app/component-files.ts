import type { Stats } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { posix, relative, resolve, sep } from "node:path";
import { errorText, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import type { FileMount } from "./app.ts";
import { compileFilePattern, hasWildcard } from "./file-pattern.ts";
import type { FilePattern } from "./file-pattern.ts";
import type { ManifestFiles } from "./manifest.ts";

/** Which files of the app directory a component sees. */
export interface FileSelection {
  /** Absolute app directory without symbolic links. */
  readonly directory: string;
  readonly excludes: readonly FilePattern[];
}

/**
 * The files that one entry of `files` stands for: existing path, else pattern; directories with
 * all files below. Symbolic links are followed as long as they stay in the app directory.
 * @throws WhorlError `file` if there is no such file, `manifest` if the entry is wrong or leaves
 * the app directory.
 */
export async function selectFiles(
  entry: ManifestFiles,
  selection: FileSelection,
): Promise<FileMount[]> {
  const isPattern = typeof entry === "string";
  const source = isPattern ? entry : entry.source;
  if (isPattern && /(?:^|\/)\.\.?\/?$/.test(source)) {
    throw new WhorlError(
      "manifest",
      `file pattern "${source}" ends in a directory; write { source = "${source}", destination = "/" } or a pattern like "assets/**/*"`,
    );
  }
  const path = appPath(source, selection);
  const found = await statOrUndefined(resolve(selection.directory, path));
  if (found === undefined) {
    if (isPattern && hasWildcard(source)) return matchingFiles(source, selection);
    throw new WhorlError("file", `"${source}" does not exist in the app directory`);
  }
  const destination = isPattern ? path : guestPath(entry.destination, found.isDirectory());
  if (!found.isDirectory()) {
    const hostPath = await insidePath(resolve(selection.directory, path), selection);
    return [{ hostPath, guestPath: destination }];
  }
  const files: FileMount[] = [];
  for await (const file of walk(path, Infinity, selection)) {
    const below = posix.relative(path, file.path);
    files.push({ hostPath: file.hostPath, guestPath: posix.join(destination, below) });
  }
  return files;
}

async function matchingFiles(pattern: string, selection: FileSelection): Promise<FileMount[]> {
  const compiled = compileFilePattern(appPath(pattern, selection));
  const files: FileMount[] = [];
  for await (const { path, hostPath } of walk(compiled.base, compiled.depthMax, selection)) {
    if (compiled.matches(path)) files.push({ hostPath, guestPath: path });
  }
  return files;
}

/** The path relative to the app directory, normalised, `""` for the directory itself. */
function appPath(source: string, { directory }: FileSelection): string {
  const path = relative(directory, resolve(directory, source)).split(sep).join("/");
  if (path === ".." || path.startsWith("../")) {
    throw new WhorlError(
      "manifest",
      `"${source}" is outside the app directory; copy it below the directory of the manifest`,
    );
  }
  return path;
}

/** Relative to the guest's root. */
function guestPath(destination: string, isDirectory: boolean): string {
  const segments = destination.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.includes("..")) {
    throw new WhorlError(
      "manifest",
      `destination "${destination}" has ".." in it; write the path from the guest's root, like "/assets"`,
    );
  }
  if (!isDirectory && (segments.length === 0 || /(?:\/|\/\.)$/.test(destination))) {
    throw new WhorlError(
      "manifest",
      `destination "${destination}" of a file is a directory; add the file's name`,
    );
  }
  return segments.join("/");
}

interface FoundFile {
  /** Relative to the app directory. */
  readonly path: string;
  /** Without symbolic links. */
  readonly hostPath: string;
}

/** All files below a directory that are not excluded, in the order of their names. */
async function* walk(
  base: string,
  depthMax: number,
  selection: FileSelection,
): AsyncGenerator<FoundFile> {
  const excluded = (path: string): boolean =>
    selection.excludes.some((pattern) => pattern.matches(path));
  const root = resolve(selection.directory, base);
  if ((await statOrUndefined(root)) === undefined) return;
  const realRoot = await insidePath(root, selection);
  const pending = [{ path: base, depth: 1, chain: [realRoot] }];
  let visited = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { depth, chain } = next;
    const names = await directoryNames(resolve(selection.directory, next.path));
    for (const name of names.toSorted()) {
      if (++visited > limits.componentFilesMax) throw tooManyFiles(base);
      const path = posix.join(next.path, name);
      const absolute = resolve(selection.directory, path);
      const found = await statOrUndefined(absolute);
      if (found === undefined || (found.isFile() && excluded(path))) continue;
      if (found.isFile()) yield { path, hostPath: await insidePath(absolute, selection) };
      if (!found.isDirectory() || depth >= depthMax) continue;
      const real = await insidePath(absolute, selection);
      // A link to a directory around it would never end.
      if (!chain.includes(real)) pending.push({ path, depth: depth + 1, chain: [...chain, real] });
    }
  }
}

function tooManyFiles(base: string): WhorlError {
  return new WhorlError(
    "manifest",
    `more than ${limits.componentFilesMax} files and directories below "${base === "" ? "." : base}"; choose a directory of its own for the component's files`,
  );
}

async function directoryNames(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    throw new WhorlError("file", `cannot list ${directory}: ${errorText(error)}`, { cause: error });
  }
}

/** The path without symbolic links. */
async function insidePath(path: string, { directory }: FileSelection): Promise<string> {
  const real = await realpath(path);
  if (
    real === directory ||
    real.startsWith(directory.endsWith(sep) ? directory : directory + sep)
  ) {
    return real;
  }
  const link = relative(directory, path);
  throw new WhorlError(
    "manifest",
    `"${link}" is a symbolic link out of the app directory; copy the file instead`,
  );
}

function statOrUndefined(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined);
}
