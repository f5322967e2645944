import { createHash } from "node:crypto";
import { createReadStream, readFileSync, statSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { join } from "node:path";
import { errorText, ShimError } from "../error.ts";
import { type InstalledFile, installLayout, parseInstallList } from "../install-layout.ts";
import type { NodeFiles } from "./node-files.ts";

/** What the agent brings to the node: the tree of install-layout.ts in a folder of its own image. */
export interface InstallSource {
  readonly folder: string;
  /** Text of the list, by which trees are compared. */
  readonly list: string;
  readonly files: readonly InstalledFile[];
}

/** Reads the list of a tree. Throws `failed_precondition` where there is none. */
export function readInstallSource(folder: string): InstallSource {
  const path = join(folder, installLayout.list);
  let list: string;
  try {
    list = readFileSync(path, "utf8");
  } catch (error) {
    throw new ShimError(
      "failed_precondition",
      `there is nothing to install (--source): ${errorText(error)}`,
      { cause: error },
    );
  }
  return { folder, list, files: parseInstallList(list) };
}

/** Whether a folder of the node holds the whole tree; by size alone, as this is asked often. */
export function isInstalled(source: InstallSource, folder: string, files: NodeFiles): boolean {
  if (files.read(join(folder, installLayout.list)) !== source.list) return false;
  return source.files.every(({ path, bytes }) => sizeOf(files.at(join(folder, path))) === bytes);
}

/**
 * Brings the tree into a folder of the node. Files that are there already and right stay as they
 * are; the list comes last, so that a tree with a list is whole. What an interrupted installation
 * left is completed by the next one.
 */
export async function installTree(
  source: InstallSource,
  folder: string,
  files: NodeFiles,
): Promise<void> {
  for (const file of source.files) {
    const target = join(folder, file.path);
    if ((await digestOf(files.at(target))) === file.sha256) continue;
    files.copyIn(join(source.folder, file.path), target, file);
  }
  files.write(join(folder, installLayout.list), source.list);
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

async function digestOf(path: string): Promise<string | undefined> {
  if (sizeOf(path) === undefined) return undefined;
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
