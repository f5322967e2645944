import { readFileSync } from "node:fs";

/** What this folder reads of one entry of a package-lock.json. */
export interface LockedPackage {
  version?: string;
  resolved?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  optionalDependencies?: Record<string, string>;
}

/** A package-lock.json, lockfileVersion 3: entries by their path under the project. */
export interface LockFile {
  packages: Record<string, LockedPackage>;
}

/** An optional package that a locked package asks for and that has no entry of its own. */
export interface MissingPackage {
  /** Where its entry belongs, as `node_modules/a/node_modules/b`. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly dev: boolean;
}

/** Reads a lock file; throws where it is missing or not JSON. */
export function readLockFile(path: string): LockFile {
  return JSON.parse(readFileSync(path, "utf8")) as LockFile;
}

/**
 * The optional packages without an entry. Registries that hold the binaries of one platform only
 * leave them out of the lock file, and `npm ci` then refuses that file as out of step.
 */
export function missingOptionalPackages(lock: LockFile): MissingPackage[] {
  const missing: MissingPackage[] = [];
  for (const [from, entry] of Object.entries(lock.packages)) {
    for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
      const version = range.replace(/^[\^~]/, "");
      const found = resolve(lock, from, name);
      const isExact = version === range;
      if (found !== undefined && (!isExact || lock.packages[found]?.version === version)) continue;
      // Inside the package that asks for it, no other version can be in the way.
      const path = `${from}/node_modules/${name}`;
      missing.push({ path, name, version, dev: entry.dev === true });
    }
  }
  return missing;
}

/** Path of the entry that Node would find for a name required in a package. */
function resolve(lock: LockFile, from: string, name: string): string | undefined {
  let at = from;
  for (;;) {
    const path = `${at === "" ? "" : `${at}/`}node_modules/${name}`;
    if (path in lock.packages) return path;
    if (at === "") return undefined;
    at = folderOf(at).replace(/\/$/, "");
  }
}

/** `node_modules/a/node_modules/b` is in the folder of `node_modules/a/`. */
function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("node_modules/"));
}
