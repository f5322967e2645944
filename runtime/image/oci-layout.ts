import { constants, createReadStream, createWriteStream } from "node:fs";
import { copyFile, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { errorText, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import type { BlobSource } from "./blob-source.ts";
import { relativeBlobPath } from "./content-store.ts";
import type { BlobName, ContentStore } from "./content-store.ts";
import { isDigest, sha256Digest } from "./digest.ts";
import { blobsOf } from "./image.ts";
import type { BuiltImage, StoredImage } from "./image.ts";
import { makeFolder } from "./make-folder.ts";
import { parseManifest } from "./manifest.ts";
import type { Descriptor, IndexEntry, Platform } from "./manifest.ts";
import { isIndexType, mediaTypes } from "./media-types.ts";
import { fullBudget, readArchive } from "./read-archive.ts";
import { selectPlatform } from "./select-platform.ts";
import { addAll } from "./write-archive.ts";
import type { PackedFile } from "./write-archive.ts";

/** Annotation with the name of an image inside a layout. */
const refName = "org.opencontainers.image.ref.name";
/** The same, for containerd. */
const containerdName = "io.containerd.image.name";

export interface LayoutOptions {
  readonly store: ContentStore;
  readonly machine: string;
  readonly platform?: Platform | undefined;
  /** Which image, where there are several. */
  readonly tag?: string | undefined;
}

/**
 * Brings an image of an OCI layout into the store: a folder, or a tar file of one. Each blob is
 * compared with its digest on the way.
 * @throws WhorlError `file`, `image` or `limit`.
 */
export async function importLayout(path: string, options: LayoutOptions): Promise<StoredImage> {
  const { store, machine, platform } = options;
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    (error: unknown) => {
      throw unreadable(path, error);
    },
  );
  const layout = isFolder ? folderLayout(path, store) : await archiveLayout(path, store);
  const index = parseManifest(await layout.index(), mediaTypes.ociIndex, `${path}: index.json`);
  if (index.kind === "image") throw new WhorlError("image", `${path}: index.json is no index`);
  let entry: IndexEntry = selectEntry(index.index.manifests, path, options.tag);
  for (let depth = 0; isIndexType(entry.mediaType) && depth < 2; depth++) {
    const nested = await layout.manifest(entry);
    const parsed = parseManifest(nested, entry.mediaType, path);
    if (parsed.kind === "image") break;
    entry = selectPlatform(parsed.index, { wanted: platform, machine });
  }
  const bytes = await layout.manifest(entry);
  const parsed = parseManifest(bytes, entry.mediaType, path);
  if (parsed.kind === "index") throw new WhorlError("image", `${path} has indexes inside indexes`);
  for (const blob of blobsOf(parsed.manifest)) await layout.obtain(blob);
  return { store, name: path, digest: entry.digest, manifest: parsed.manifest, bytes };
}

/** Whether a path is an OCI layout: a folder with `oci-layout`, or a tar file. */
export async function isLayout(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() === true) {
    return (await stat(join(path, "oci-layout")).catch(() => undefined))?.isFile() === true;
  }
  return found?.isFile() === true && path.endsWith(".tar");
}

interface OpenLayout {
  index(): Promise<Uint8Array>;
  manifest(entry: BlobName): Promise<Uint8Array>;
  /** Sees to it that a blob is in the store. */
  obtain(blob: BlobName): Promise<void>;
}

function selectEntry(
  entries: readonly IndexEntry[],
  path: string,
  tag: string | undefined,
): IndexEntry {
  const nameOf = ({ annotations = {} }: IndexEntry): string => annotations[refName] ?? "";
  const found = tag === undefined ? entries : entries.filter((each) => nameOf(each) === tag);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const names = entries.map(nameOf).filter((name) => name !== "");
  throw new WhorlError(
    "image",
    `${path} has ${found.length} images${tag === undefined ? "" : ` named "${tag}"`}; name one of them: ${names.slice(0, 20).join(", ")}`,
  );
}

function folderLayout(path: string, store: ContentStore): OpenLayout {
  const obtain = async (blob: BlobName): Promise<void> => {
    if (await store.has(blob)) return;
    const file = join(path, relativeBlobPath(blob.digest));
    await using writer = await store.writer(blob);
    try {
      for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
        await writer.write(chunk as Buffer);
      }
    } catch (error) {
      throw error instanceof WhorlError ? error : unreadable(file, error);
    }
    await writer.commit();
  };
  return {
    async index() {
      const file = join(path, "index.json");
      const { size } = await stat(file).catch((error: unknown) => {
        throw unreadable(file, error);
      });
      if (size > limits.imageManifestBytesMax) throw tooLarge(file);
      return readFile(file);
    },
    async manifest(entry) {
      if (entry.size > limits.imageManifestBytesMax) throw tooLarge(`${path}: ${entry.digest}`);
      await obtain(entry);
      return store.read(entry);
    },
    obtain,
  };
}

/** Reads the whole archive once: its index may come last. */
async function archiveLayout(path: string, store: ContentStore): Promise<OpenLayout> {
  let index: Uint8Array | undefined;
  const budget = { ...fullBudget(), bytes: limits.imageBytesMax };
  for await (const entry of readArchive({ path, name: path, compression: "none", budget })) {
    if (entry.kind !== "file") continue;
    const [, algorithm, hex] = /^blobs\/([^/]+)\/([^/]+)$/.exec(entry.path) ?? [];
    const digest = `${algorithm}:${hex}`;
    if (isDigest(digest)) {
      await using writer = await store.writer({ digest, size: entry.size });
      for await (const chunk of entry.body) await writer.write(chunk);
      await writer.commit();
    } else if (entry.path === "index.json") {
      if (entry.size > limits.imageManifestBytesMax) throw tooLarge(`${path}: index.json`);
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry.body) chunks.push(chunk);
      index = Buffer.concat(chunks);
    }
  }
  if (index === undefined) {
    throw new WhorlError("image", `${path} has no index.json: it is no OCI archive`);
  }
  const found = index;
  return {
    index: () => Promise.resolve(found),
    manifest: (entry) => store.read(entry),
    async obtain(blob) {
      if (await store.has(blob)) return;
      throw new WhorlError("image", `${path} lacks ${blob.digest}, or has it with another size`);
    },
  };
}

/** Writes an image as an OCI layout folder; other images that are in it are kept out of its index. */
export async function writeLayoutFolder(
  folder: string,
  image: BuiltImage,
  name: string | undefined,
): Promise<void> {
  try {
    for (const file of layoutFiles(image, name)) {
      const target = join(folder, file.path);
      await makeFolder(dirname(target));
      if (file.content.kind === "bytes") await writeFile(target, file.content.bytes);
      else await copyFile(file.content.path, target, constants.COPYFILE_FICLONE);
    }
  } catch (error) {
    throw new WhorlError("file", `cannot write ${folder}: ${errorText(error)}`, { cause: error });
  }
}

/** Writes an image as a tar file with an OCI layout, the same bytes for the same image. */
export async function writeLayoutArchive(
  path: string,
  image: BuiltImage,
  name: string | undefined,
): Promise<void> {
  const written = `${path}.${randomUUID()}`;
  const { pack } = await import("tar-stream");
  const tar = pack();
  try {
    const writing = pipeline(tar, createWriteStream(written));
    await Promise.all([writing, addAll(tar, layoutFiles(image, name))]);
    await rename(written, path);
  } catch (error) {
    if (error instanceof WhorlError) throw error;
    throw new WhorlError("file", `cannot write ${path}: ${errorText(error)}`, { cause: error });
  } finally {
    await rm(written, { force: true }).catch(() => undefined);
  }
}

function layoutFiles(image: BuiltImage, name: string | undefined): PackedFile[] {
  const { digest, mediaType, bytes, blobs } = image;
  const descriptor: Descriptor = {
    mediaType,
    digest,
    size: bytes.length,
    ...(name !== undefined && { annotations: layoutNames(name) }),
  };
  const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [descriptor] };
  const manifest: BlobSource = { descriptor, content: { kind: "bytes", bytes } };
  return [
    jsonFile("oci-layout", { imageLayoutVersion: "1.0.0" }),
    ...[manifest, ...blobs].map(({ descriptor: blob, content }) => ({
      path: relativeBlobPath(blob.digest),
      digest: blob.digest,
      size: blob.size,
      content,
    })),
    // Last: whoever finds it finds the rest.
    jsonFile("index.json", index),
  ];
}

/** A whole reference names the image for containerd, its tag names it inside the layout. */
function layoutNames(name: string): Record<string, string> {
  const tag = /:([^/:]+)$/.exec(name)?.[1];
  return tag === undefined ? { [refName]: name } : { [refName]: tag, [containerdName]: name };
}

function jsonFile(path: string, value: object): PackedFile {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  const digest = sha256Digest(bytes);
  return { path, digest, size: bytes.length, content: { kind: "bytes", bytes } };
}

function unreadable(path: string, error: unknown): WhorlError {
  return new WhorlError("file", `cannot read ${path}: ${errorText(error)}`, { cause: error });
}

function tooLarge(where: string): WhorlError {
  return new WhorlError(
    "limit",
    `${where} is larger than the ${limits.imageManifestBytesMax} bytes of a manifest`,
  );
}
