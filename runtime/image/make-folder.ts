import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a folder with its parents, as `mkdir` with `recursive` does, which never ends below a folder
 * that can have no others (`/proc`).
 * @throws what the file system throws.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  const code = await mkdir(path, mode).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST" || error.code === "ENOENT") return error.code;
      throw error;
    },
  );
  if (code !== "ENOENT") return;
  const parent = dirname(path);
  if (parent !== path) await makeFolder(parent, mode);
  await mkdir(path, mode).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}
