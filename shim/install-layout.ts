/**
 * What a node gets. `npm run build` makes the tree in `dist/node/`; an installer copies it to any
 * folder of the node, and everything in it finds the rest by its own place:
 *
 *     files.json                    every other file: path, mode, size, digest (parseInstallList)
 *     node                          the Node that runs all of it
 *     bin/containerd-shim-whorl-v1  what containerd executes: runtime type io.containerd.whorl.v1
 *     bin/containerd-shim-spin-v2   the same for io.containerd.spin.v2
 *     lib/front.js, host.js, ...    the programs of programs.ts, started by the shim and the front
 *     lib/*                         their shared parts and what they load later
 *
 * containerd finds the shim by its PATH, as the absolute path of a `runtime_type`, or as
 * `runtime_path`; a link to it from any other folder does too. Nothing else has to be configured:
 * by default sockets, process id and log of the front are in `/run/whorl`, prepared images in
 * `/var/lib/whorl`. Both may be changed by the environment of containerd (see the shim).
 *
 * A new version is installed beside the old one and the links are moved; then
 * `bin/containerd-shim-whorl-v1 upgrade` lets its front take over from the running one. Files of a
 * version may be removed when no process runs from its folder any more.
 */
import { ShimError } from "./error.ts";

/** A file of the tree. */
export interface InstalledFile {
  /** Relative to the tree's root, with `/`. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** Places that an installer has to know; all others are in the list of files. */
export const installLayout = {
  /** Folder of the tree, relative to that of the bundles. */
  source: "node",
  list: "files.json",
  node: "node",
  shim: "bin/containerd-shim-whorl-v1",
  spinShim: "bin/containerd-shim-spin-v2",
  /** Folder of the programs. */
  code: "lib",
} as const;

/** Folders and their files: to be made, in this order, with mode 0755. */
export function installFolders(files: readonly InstalledFile[]): readonly string[] {
  const folders = files.flatMap(({ path }) => {
    const parts = path.split("/").slice(0, -1);
    return parts.map((_part, index) => parts.slice(0, index + 1).join("/"));
  });
  return [...new Set(folders)].toSorted();
}

/** Text of {@link installLayout}.list. */
export function formatInstallList(files: readonly InstalledFile[]): string {
  const sorted = files.toSorted((left, right) => (left.path < right.path ? -1 : 1));
  return `${JSON.stringify(sorted, undefined, 1)}\n`;
}

/**
 * Reads it.
 * @throws ShimError `invalid_argument` for anything but a list of files within the tree
 */
export function parseInstallList(text: string): readonly InstalledFile[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    throw new ShimError("invalid_argument", "the list of files is not JSON", { cause: error });
  }
  if (Array.isArray(list) && list.every(isInstalledFile)) return list;
  throw new ShimError("invalid_argument", "the list of files has entries that are none");
}

function isInstalledFile(value: unknown): value is InstalledFile {
  if (typeof value !== "object" || value === null) return false;
  const { path, mode, bytes, sha256 } = value as Record<string, unknown>;
  return (
    isPathWithin(path) &&
    (mode === 0o644 || mode === 0o755) &&
    Number.isSafeInteger(bytes) &&
    typeof sha256 === "string" &&
    /^[0-9a-f]{64}$/.test(sha256)
  );
}

function isPathWithin(path: unknown): boolean {
  if (typeof path !== "string") return false;
  return path.split("/").every((part) => /^[\w@.+-]+$/.test(part) && part !== "." && part !== "..");
}
