import { createHash, randomUUID } from "node:crypto";
import type { Hash } from "node:crypto";
import { open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { errorText, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import { hashFor, matchesDigest, sha256Digest, splitDigest } from "./digest.ts";
import type { Digest } from "./digest.ts";
import { hashFile } from "./hash-file.ts";
import { makeFolder } from "./make-folder.ts";

/** Which bytes are meant: a descriptor is one. */
export interface BlobName {
  readonly digest: Digest;
  readonly size: number;
}

/** Takes the bytes of one blob; nothing of it can be seen before {@link BlobWriter.commit}. */
export interface BlobWriter extends AsyncDisposable {
  /** Bytes written so far. */
  readonly bytes: number;
  /** @throws WhorlError `image` for more bytes than announced, `file` if they cannot be kept. */
  write(chunk: Uint8Array): Promise<void>;
  /** Forgets what was written. */
  restart(): Promise<void>;
  /** @throws WhorlError `image` if the bytes are not those that the digest promised. */
  commit(): Promise<void>;
}

/**
 * Blobs by their digest in a folder: `blobs/ALGORITHM/HEX`. Written beside and renamed, and
 * compared with their digest each time they are read, so that neither a crash nor a broken disk
 * makes wrong bytes look right. Several processes may use one folder.
 */
export class ContentStore {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  /** @throws WhorlError `file` if the folder cannot be made. */
  static async open(root: string): Promise<ContentStore> {
    const store = new ContentStore(root);
    try {
      await makeFolder(join(root, "blobs", "sha256"));
      await makeFolder(join(root, "blobs", "sha512"));
      await makeFolder(store.#ingestFolder);
      await store.#removeAbandoned();
    } catch (error) {
      throw new WhorlError("file", `cannot keep images in ${root}: ${errorText(error)}`, {
        cause: error,
      });
    }
    return store;
  }

  get #ingestFolder(): string {
    return join(this.root, "ingest");
  }

  /** Where a blob is, or would be. */
  pathOf(digest: Digest): string {
    return join(this.root, relativeBlobPath(digest));
  }

  /**
   * Whether the whole, right blob is there. A wrong one is removed.
   */
  async has(name: BlobName): Promise<boolean> {
    const path = this.pathOf(name.digest);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) return false;
    if (found.size === name.size && (await isIntact(path, name.digest))) return true;
    await rm(path, { force: true });
    return false;
  }

  /**
   * Bytes of a blob that is read as a whole.
   * @throws WhorlError `image` if it is absent or wrong.
   */
  async read({ digest }: Pick<BlobName, "digest">): Promise<Buffer> {
    const path = this.pathOf(digest);
    const bytes = await readFile(path).catch((error: unknown) => {
      throw new WhorlError("image", `${digest} is not in ${this.root}; pull the image again`, {
        cause: error,
      });
    });
    if (matchesDigest(bytes, digest)) return bytes;
    await rm(path, { force: true });
    throw new WhorlError("image", `${path} was damaged and is removed; pull the image again`);
  }

  /** Whether a blob of unknown size is there; only for small ones. */
  async tryRead(digest: Digest): Promise<Buffer | undefined> {
    const found = await stat(this.pathOf(digest)).catch(() => undefined);
    return found === undefined ? undefined : this.read({ digest }).catch(() => undefined);
  }

  /** Keeps bytes that are at hand. */
  async add(bytes: Uint8Array): Promise<BlobName> {
    const name = { digest: sha256Digest(bytes), size: bytes.length };
    if (await this.has(name)) return name;
    await using writer = await this.writer(name);
    await writer.write(bytes);
    await writer.commit();
    return name;
  }

  /**
   * Keeps bytes of which only now becomes known what they are.
   * @throws WhorlError `limit` for more than `bytesMax`.
   */
  async ingest(
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    bytesMax: number = limits.imageBlobBytesMax,
  ): Promise<BlobName> {
    const path = join(this.#ingestFolder, randomUUID());
    const hash = createHash("sha256");
    let size = 0;
    try {
      await using handle = await open(path, "wx");
      for await (const chunk of chunks) {
        size += chunk.length;
        if (size > bytesMax)
          throw new WhorlError("limit", `a file has more than ${bytesMax} bytes`);
        hash.update(chunk);
        await handle.writeFile(chunk);
      }
      const digest: Digest = `sha256:${hash.digest("hex")}`;
      await rename(path, this.pathOf(digest));
      return { digest, size };
    } catch (error) {
      await rm(path, { force: true });
      throw isSystemError(error) ? cannotKeep(this.root, error) : error;
    }
  }

  /** Opens a place for a blob that arrives in pieces. */
  async writer(name: BlobName): Promise<BlobWriter> {
    const path = join(this.#ingestFolder, randomUUID());
    const handle = await open(path, "wx").catch((error: unknown) => {
      throw cannotKeep(this.root, error);
    });
    return new FileBlobWriter({ name, path, handle, target: this.pathOf(name.digest) });
  }

  /** What processes left that were killed: pieces of blobs, unfinished folders of apps. */
  async #removeAbandoned(): Promise<void> {
    const apps = join(this.root, "apps");
    const unfinished = (await readdir(apps).catch(() => [])).filter((name) => name.includes("."));
    const ingested = await readdir(this.#ingestFolder);
    const paths = [
      ...ingested.map((name) => join(this.#ingestFolder, name)),
      ...unfinished.map((name) => join(apps, name)),
    ];
    const oldest = Date.now() - limits.abandonedBlobMsMax;
    for (const path of paths) {
      const found = await stat(path).catch(() => undefined);
      if (found !== undefined && found.mtimeMs < oldest) {
        await rm(path, { force: true, recursive: true });
      }
    }
  }
}

/** Place of a blob in an OCI layout and in the store. */
export function relativeBlobPath(digest: Digest): string {
  const { algorithm, hex } = splitDigest(digest);
  return `blobs/${algorithm}/${hex}`;
}

/** Whether a file's content is what the digest says. */
export async function isIntact(path: string, digest: Digest): Promise<boolean> {
  const hash = hashFor(digest);
  try {
    await hashFile(path, hash);
  } catch {
    return false;
  }
  return hash.digest("hex") === splitDigest(digest).hex;
}

interface OpenBlob {
  readonly name: BlobName;
  readonly path: string;
  readonly handle: FileHandle;
  readonly target: string;
}

/** What is written at once: an operation on a file costs more than the bytes of a packet. */
const pieceBytes = 512 * 1024;

class FileBlobWriter implements BlobWriter {
  readonly #blob: OpenBlob;
  readonly #piece: Buffer;
  #pieceFilled = 0;
  #hash: Hash;
  #bytes = 0;
  #isOpen = true;

  constructor(blob: OpenBlob) {
    this.#blob = blob;
    this.#piece = Buffer.allocUnsafe(Math.min(pieceBytes, blob.name.size));
    this.#hash = hashFor(blob.name.digest);
  }

  get bytes(): number {
    return this.#bytes;
  }

  async write(chunk: Uint8Array): Promise<void> {
    const { name } = this.#blob;
    if (this.#bytes + chunk.length > name.size) {
      throw new WhorlError(
        "image",
        `${name.digest} is longer than the ${name.size} bytes that its manifest promises`,
      );
    }
    for (let start = 0; start < chunk.length;) {
      const part = chunk.subarray(start, start + this.#piece.length - this.#pieceFilled);
      this.#piece.set(part, this.#pieceFilled);
      this.#pieceFilled += part.length;
      this.#bytes += part.length;
      start += part.length;
      if (this.#pieceFilled === this.#piece.length) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    const { handle, target } = this.#blob;
    const piece = this.#piece.subarray(0, this.#pieceFilled);
    const position = this.#bytes - piece.length;
    this.#pieceFilled = 0;
    this.#hash.update(piece);
    try {
      for (let start = 0; start < piece.length;) {
        const left = piece.length - start;
        const { bytesWritten } = await handle.write(piece, start, left, position + start);
        start += bytesWritten;
      }
    } catch (error) {
      throw cannotKeep(target, error);
    }
  }

  async restart(): Promise<void> {
    this.#hash = hashFor(this.#blob.name.digest);
    this.#bytes = 0;
    this.#pieceFilled = 0;
    await this.#blob.handle.truncate(0);
  }

  async commit(): Promise<void> {
    const { name, path, target } = this.#blob;
    if (this.#bytes !== name.size) {
      throw new WhorlError(
        "image",
        `${name.digest} has ${this.#bytes} bytes, not the ${name.size} that its manifest promises`,
      );
    }
    await this.#flush();
    const hex = this.#hash.digest("hex");
    const { algorithm, hex: expected } = splitDigest(name.digest);
    if (hex !== expected) {
      throw new WhorlError(
        "image",
        `the content is ${algorithm}:${hex}, but ${name.digest} was promised; do not trust where it came from`,
      );
    }
    await this.#close();
    await rename(path, target).catch((error: unknown) => {
      throw cannotKeep(target, error);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    await rm(this.#blob.path, { force: true });
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#blob.handle.close();
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === "string";
}

function cannotKeep(path: string, error: unknown): WhorlError {
  const code = (error as NodeJS.ErrnoException).code;
  const advice = code === "ENOSPC" ? "; free some space and try again" : "";
  return new WhorlError("file", `cannot write ${path}: ${errorText(error)}${advice}`, {
    cause: error,
  });
}
