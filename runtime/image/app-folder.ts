import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorText, WhorlError } from "../error.ts";
import { isIntact } from "./content-store.ts";
import type { BlobName, ContentStore } from "./content-store.ts";
import { isDigest, splitDigest } from "./digest.ts";
import type { Digest } from "./digest.ts";
import { compareText, textEntries } from "./manifest.ts";

/**
 * Makes a folder of the store's blobs, with the blobs' content at the given paths, and gives its
 * path. A folder that was made before is used again if all its files are intact.
 * @param key names the folder: the digest of what it is made of.
 * @throws WhorlError `file` if it cannot be written, `image` if a path is a file and a directory.
 */
export async function makeAppFolder(
  store: ContentStore,
  key: Digest,
  files: ReadonlyMap<string, BlobName>,
): Promise<string> {
  const folder = join(store.root, "apps", splitDigest(key).hex);
  const index = encodeIndex(files);
  if (await isWhole(folder, index)) return folder;
  const made = `${folder}.${randomUUID()}`;
  try {
    await fill(made, store, files);
    await writeFile(join(made, indexName), index);
    await replace(made, folder, index);
  } catch (error) {
    throw new WhorlError("file", `cannot unpack into ${folder}: ${errorText(error)}`, {
      cause: error,
    });
  } finally {
    await rm(made, { recursive: true, force: true });
  }
  return folder;
}

/** Beside the files; not a name that an app would use. */
const indexName = ".whorl-files.json";

function encodeIndex(files: ReadonlyMap<string, BlobName>): string {
  const entries = [...files].toSorted(([a], [b]) => compareText(a, b));
  return JSON.stringify(Object.fromEntries(entries.map(([path, { digest }]) => [path, digest])));
}

async function isWhole(folder: string, index: string): Promise<boolean> {
  const found = await readFile(join(folder, indexName), "utf8").catch(() => undefined);
  if (found !== index) return false;
  for (const [path, digest] of Object.entries(textEntries(JSON.parse(index)))) {
    if (!isDigest(digest) || !(await isIntact(join(folder, path), digest))) return false;
  }
  return true;
}

async function fill(
  folder: string,
  store: ContentStore,
  files: ReadonlyMap<string, BlobName>,
): Promise<void> {
  const directories = new Set([...files.keys()].map((path) => dirname(join(folder, path))));
  for (const directory of directories) await mkdir(directory, { recursive: true });
  for (const [path, { digest }] of files) {
    const target = join(folder, path);
    const source = store.pathOf(digest);
    // A file system without links, or one with too many of them, gets copies.
    await link(source, target).catch(() => copyFile(source, target, constants.COPYFILE_FICLONE));
  }
}

/** Several processes that meet a broken folder at once; more of them is no accident. */
const replacementsMax = 10;

/** Another process may have made the same folder meanwhile; a broken one goes away. */
async function replace(made: string, folder: string, index: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await rename(made, folder);
      return;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      const isThere = code === "ENOTEMPTY" || code === "EEXIST";
      if (!isThere || attempt === replacementsMax) throw error;
    }
    if (await isWhole(folder, index)) return;
    const broken = `${made}.broken`;
    // Gone already, if another process was faster.
    await rename(folder, broken).catch(() => undefined);
    await rm(broken, { recursive: true, force: true });
  }
}
