import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import type { Extract, Header } from "tar-stream";
import { errorText, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";

/** One entry of an archive; the body of a file has to be read before the next entry comes. */
export type ArchiveEntry =
  | {
      readonly kind: "file";
      readonly path: string;
      readonly size: number;
      readonly body: AsyncIterable<Uint8Array>;
    }
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "symlink" | "hardlink"; readonly path: string; readonly target: string }
  /** A device, a pipe, or something unknown. */
  | { readonly kind: "other"; readonly path: string };

export type Compression = "none" | "gzip" | "zstd";

/** What the archives of one image may still contain. */
export interface ArchiveBudget {
  bytes: number;
  entries: number;
}

type Entry = Extract extends AsyncIterable<infer T> ? T : never;

export function fullBudget(): ArchiveBudget {
  return { bytes: limits.unpackedBytesMax, entries: limits.unpackedEntriesMax };
}

export interface ArchiveFile {
  readonly path: string;
  /** What messages call it. */
  readonly name: string;
  readonly compression: Compression;
  readonly budget: ArchiveBudget;
}

/**
 * The entries of a tar file. Paths are relative, with `/`, without `.` and `..`.
 * @throws WhorlError `image` for a broken archive or a path that leads out of it, `limit` if it
 * unpacks to more than the budget allows.
 */
export async function* readArchive(archive: ArchiveFile): AsyncGenerator<ArchiveEntry> {
  const { name, budget } = archive;
  // Few images need it, and most of the time of a pull goes into loading.
  const { extract } = await import("tar-stream");
  const tar = extract();
  const source = createReadStream(archive.path, { highWaterMark: 256 * 1024 });
  const feeding = feed(source, tar, archive);
  // Its failure ends the loop below; a failure of the loop ends it.
  feeding.catch((error: unknown) => tar.destroy(error as Error));
  try {
    for await (const entry of tar) {
      if (--budget.entries < 0) throw tooMany(name);
      yield toEntry(entry, name);
      entry.resume();
    }
    await feeding;
  } catch (error) {
    throw explained(error, name);
  } finally {
    source.destroy();
    tar.destroy(null);
  }
}

/** What breaks in the middle of a file is told to who reads the file. */
async function* explainedBody(entry: Entry, name: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of entry) yield chunk as Uint8Array;
  } catch (error) {
    throw explained(error, name);
  }
}

function explained(error: unknown, name: string): WhorlError {
  if (error instanceof WhorlError) return error;
  const message = `${name} is a broken archive: ${errorText(error)}`;
  return new WhorlError("image", message, { cause: error });
}

/** Decompresses into the tar reader, counting: an archive can be far larger than it looks. */
async function feed(
  source: Readable,
  tar: Extract,
  { name, compression, budget }: ArchiveFile,
): Promise<void> {
  const plain = await decompressed(source, compression);
  try {
    for await (const chunk of plain) {
      budget.bytes -= (chunk as Buffer).length;
      if (budget.bytes < 0) throw tooLarge(name);
      if (!tar.write(chunk)) await drained(tar);
    }
    tar.end(null);
  } finally {
    plain.destroy();
  }
}

async function decompressed(source: Readable, compression: Compression): Promise<Readable> {
  if (compression === "none") return source;
  const { createGunzip, createZstdDecompress } = await import("node:zlib");
  const unpack = compression === "gzip" ? createGunzip() : createZstdDecompress();
  source.on("error", (error) => unpack.destroy(error));
  return source.pipe(unpack);
}

function drained(tar: Extract): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      tar.off("drain", done).off("close", done);
      resolve();
    };
    tar.on("drain", done).on("close", done);
  });
}

function toEntry(entry: Entry, name: string): ArchiveEntry {
  const { header } = entry;
  const path = safePath(header.name, name);
  switch (header.type) {
    case "file":
    case "contiguous-file":
      return { kind: "file", path, size: header.size, body: explainedBody(entry, name) };
    case "directory":
      return { kind: "directory", path };
    case "symlink":
      return { kind: "symlink", path, target: header.linkname };
    case "link":
      return { kind: "hardlink", path, target: linkTarget(header, name) };
    default:
      return { kind: "other", path };
  }
}

/** A hard link names another entry of the archive. */
function linkTarget({ linkname }: Header, name: string): string {
  return safePath(linkname, name);
}

/**
 * A path of an archive as segments joined by `/`, `""` for the root.
 * @throws WhorlError `image` if it leads out of the archive.
 */
export function safePath(path: string, name: string): string {
  const segments = path.split("/").filter((segment) => segment !== "" && segment !== ".");
  const isBad = segments.includes("..") || path.includes("\0") || path.length > limits.pathBytesMax;
  if (!isBad) return segments.join("/");
  const shown = JSON.stringify(path.slice(0, 200));
  throw new WhorlError(
    "image",
    `${name} has the path ${shown}, which leads out of it; do not trust it`,
  );
}

function tooMany(name: string): WhorlError {
  return new WhorlError(
    "limit",
    `${name} has too many entries; the archives of an image may have ${limits.unpackedEntriesMax}`,
  );
}

function tooLarge(name: string): WhorlError {
  return new WhorlError(
    "limit",
    `${name} unpacks to too much; the archives of an image may have ${limits.unpackedBytesMax} bytes`,
  );
}
