import { realpath } from "node:fs/promises";
import { WhorlError } from "../error.ts";
import type { FileMount } from "./app.ts";
import { selectFiles } from "./component-files.ts";
import { compileFilePattern } from "./file-pattern.ts";
import type { FilePattern } from "./file-pattern.ts";
import type { ManifestContext } from "./manifest-context.ts";
import type { ManifestComponent } from "./manifest.ts";
import type { Position } from "./toml-document.ts";

/** Finds the files of a component; mistakes go to the context's problems. */
export async function buildFiles(
  table: ManifestComponent,
  context: ManifestContext,
): Promise<FileMount[]> {
  const { positions, problems } = context;
  const entries = table.files ?? [];
  if (entries.length === 0) return [];
  const excludes = compileExcludes(table, context);
  const selection = { directory: await realpath(context.directory), excludes };
  const byGuestPath = new Map<string, FileMount>();
  for (const [index, entry] of entries.entries()) {
    const at =
      typeof entry === "string" ? positions.valueAt(entries, index) : positions.start(entry);
    try {
      const found = await selectFiles(entry, selection);
      if (found.length === 0) problems.warn(at, `no file matches ${JSON.stringify(entry)}`);
      for (const file of found) byGuestPath.set(file.guestPath, file);
    } catch (error) {
      if (!(error instanceof WhorlError)) throw error;
      problems.add(error.code === "file" ? "file" : "manifest", at, error.message);
    }
  }
  checkNesting(byGuestPath, positions.keyAt(table, "files"), context);
  return [...byGuestPath.values()];
}

function compileExcludes(
  table: ManifestComponent,
  { positions, problems }: ManifestContext,
): FilePattern[] {
  const patterns = table.exclude_files ?? [];
  return patterns.flatMap((pattern, index) => {
    try {
      return [compileFilePattern(pattern, true)];
    } catch (error) {
      if (!(error instanceof WhorlError)) throw error;
      problems.add("manifest", positions.valueAt(patterns, index), error.message);
      return [];
    }
  });
}

/** One entry's file cannot be another one's directory. */
function checkNesting(
  files: ReadonlyMap<string, FileMount>,
  at: Position,
  { problems }: ManifestContext,
): void {
  for (const path of files.keys()) {
    for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
      const parent = path.slice(0, slash);
      if (!files.has(parent)) continue;
      problems.add(
        "manifest",
        at,
        `"/${parent}" is a file and the directory of "/${path}"; change a destination`,
      );
      return;
    }
  }
}
