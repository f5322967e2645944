import { createHash } from "node:crypto";
import { once } from "node:events";
import { pipeline } from "node:stream/promises";
import { PassThrough } from "node:stream";
import type { Pack } from "tar-stream";
import { openRange } from "./blob-source.ts";
import type { BlobContent } from "./blob-source.ts";
import type { BlobName, ContentStore } from "./content-store.ts";
import type { Digest } from "./digest.ts";
import { compareText } from "./manifest.ts";

/** A file to pack. */
export interface PackedFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly size: number;
  readonly digest: Digest;
  readonly content: BlobContent;
}

export interface PackedArchive extends BlobName {
  /** Digest before compression ("diff id"). */
  readonly diffId: Digest;
}

/**
 * Packs files into a tar+gzip blob of the store, the same bytes for the same files: sorted, owned
 * by root, of no time.
 */
export async function packFiles(
  files: readonly PackedFile[],
  store: ContentStore,
): Promise<PackedArchive> {
  const [{ pack }, { createGzip }] = await Promise.all([import("tar-stream"), import("node:zlib")]);
  const tar = pack();
  const hash = createHash("sha256");
  const counted = new PassThrough();
  counted.on("data", (chunk: Buffer) => hash.update(chunk));
  const gzip = createGzip({ level: 6 });
  const packed = Promise.all([pipeline(tar, counted, gzip), addAll(tar, files)]);
  packed.catch((error: unknown) => gzip.destroy(error as Error));
  const [blob] = await Promise.all([store.ingest(gzip), packed]);
  return { ...blob, diffId: `sha256:${hash.digest("hex")}` };
}

/** Writes files with their directories, then the end. */
export async function addAll(tar: Pack, files: readonly PackedFile[]): Promise<void> {
  const directories = new Set<string>();
  for (const file of files.toSorted((a, b) => compareText(a.path, b.path))) {
    for (const directory of parentsOf(file.path)) {
      if (directories.has(directory)) continue;
      directories.add(directory);
      tar.entry({ name: `${directory}/`, type: "directory", mode: 0o755, mtime: epoch });
    }
    await addFile(tar, file);
  }
  tar.finalize();
}

const epoch = new Date(0);

async function addFile(tar: Pack, file: PackedFile): Promise<void> {
  const { path, size, digest, content } = file;
  const entry = tar.entry({ name: path, type: "file", size, mode: 0o644, mtime: epoch });
  const finished = once(entry, "finish");
  // Where the archive cannot be written, its writer says so; here it may come too early to be seen.
  finished.catch(() => undefined);
  const descriptor = { digest, size, mediaType: "" };
  const body = await openRange({ descriptor, content }, { start: 0, end: size });
  if (!(body instanceof Uint8Array)) {
    await pipeline(body, entry);
    return;
  }
  entry.end(body);
  await finished;
}

function parentsOf(path: string): string[] {
  const segments = path.split("/").slice(0, -1);
  return segments.map((_, index) => segments.slice(0, index + 1).join("/"));
}
