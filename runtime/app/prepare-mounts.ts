import { constants } from "node:fs";
import { copyFile, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorText, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import type { Preopen } from "../wasi/context.ts";
import type { AppComponent, FileMount } from "./app.ts";

/** Directories of one component; disposing removes the copies. */
export interface PreparedMounts extends AsyncDisposable {
  readonly preopens: readonly Preopen[];
}

/**
 * Copies the files of a component into one new directory, which the guest gets read-only as `/`.
 * Copies, because a directory can only be opened as a whole. No files, no directory.
 * @param makeTempDirectory makes an empty directory and gives its absolute path.
 * @throws WhorlError `file` if a file cannot be copied; nothing is left behind then.
 */
export async function prepareMounts(
  component: Pick<AppComponent, "id" | "files">,
  makeTempDirectory: () => Promise<string>,
): Promise<PreparedMounts> {
  if (component.files.length === 0) {
    return { preopens: [], [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const directory = await makeTempDirectory();
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  await copyAll(component, directory);
  const owned = stack.move();
  return {
    preopens: [{ hostPath: directory, guestPath: "/", writable: false }],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function copyAll(
  { id, files }: Pick<AppComponent, "id" | "files">,
  directory: string,
): Promise<void> {
  const directories = new Set(files.map(({ guestPath }) => dirname(join(directory, guestPath))));
  for (const each of directories) await mkdir(each, { recursive: true });
  for (let start = 0; start < files.length; start += limits.fileCopiesMax) {
    const batch = files.slice(start, start + limits.fileCopiesMax);
    const results = await Promise.allSettled(batch.map((file) => copyOne(file, directory)));
    const failed = results.find((result) => result.status === "rejected");
    if (failed === undefined) continue;
    throw new WhorlError("file", `files of component "${id}": ${errorText(failed.reason)}`, {
      cause: failed.reason,
    });
  }
}

function copyOne({ hostPath, guestPath }: FileMount, directory: string): Promise<void> {
  // Shares the blocks where the file system can.
  return copyFile(hostPath, join(directory, guestPath), constants.COPYFILE_FICLONE);
}
