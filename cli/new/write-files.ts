import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorText, WhorlError } from "../../runtime/error.ts";

/**
 * Refuses a folder that has something in it; one that does not exist or is empty is fine.
 * @throws WhorlError `usage`
 */
export async function checkEmptyFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    if (code === "ENOTDIR") throw new WhorlError("usage", `${folder} is a file; choose another`);
    throw new WhorlError("file", `cannot look into ${folder}: ${errorText(error)}`, {
      cause: error,
    });
  });
  if (names.length === 0) return;
  throw new WhorlError(
    "usage",
    `${folder} exists and is not empty; nothing was written. Choose another name or --directory`,
  );
}

/**
 * Writes files into a folder, which is made. Existing files stay.
 * @throws WhorlError `file`
 */
export async function writeFiles(
  folder: string,
  files: ReadonlyMap<string, string | Uint8Array>,
): Promise<void> {
  try {
    for (const [path, content] of files) {
      const target = join(folder, path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content, { flag: "wx" });
    }
  } catch (error) {
    throw new WhorlError("file", `cannot write into ${folder}: ${errorText(error)}`, {
      cause: error,
    });
  }
}
