import { basename, join } from "node:path";
import type { Backup } from "./journal.ts";
import { type NodeFiles, sha256 } from "./node-files.ts";
import type { ConfigurationEdit } from "./plan-configuration.ts";

/** Copies what is about to be changed; what was copied before stays. */
export function backUp(
  edits: readonly ConfigurationEdit[],
  folder: string,
  files: NodeFiles,
): readonly Backup[] {
  return edits.map(({ path, before, after }) => {
    const writtenSha256 = after === undefined ? undefined : sha256(after);
    if (before === undefined) return { path, copy: undefined, writtenSha256 };
    // Named after its content, so that a backup is never overwritten by another one.
    const copy = join(folder, `${basename(path)}.${sha256(before).slice(0, 16)}`);
    files.write(copy, before, 0o600);
    return { path, copy, writtenSha256 };
  });
}

/** Writes what was planned. */
export function applyEdits(edits: readonly ConfigurationEdit[], files: NodeFiles): void {
  for (const { path, after } of edits) {
    if (after === undefined) files.remove(path);
    else files.write(path, after);
  }
}

/**
 * Gives files the content again that they had, unless somebody else has written to them meanwhile:
 * those are named.
 */
export function restore(backups: readonly Backup[], files: NodeFiles): readonly string[] {
  const changed: string[] = [];
  for (const { path, copy, writtenSha256 } of backups) {
    const text = files.read(path);
    const before = copy === undefined ? undefined : files.read(copy);
    const found = text === undefined ? undefined : sha256(text);
    if (text === before) continue;
    if (found !== writtenSha256) changed.push(path);
    else if (before === undefined) files.remove(path);
    else files.write(path, before);
  }
  return changed;
}

/** Removes the oldest backups beyond `countMax`. */
export function pruneBackups(folder: string, countMax: number, files: NodeFiles): void {
  const names = files.list(folder);
  const byAge = names
    .map((name) => ({ name, modifiedMs: files.modifiedMs(join(folder, name)) }))
    .toSorted((left, right) => right.modifiedMs - left.modifiedMs);
  for (const { name } of byAge.slice(countMax)) files.remove(join(folder, name));
}
