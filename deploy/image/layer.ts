import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";

/** A file or a symbolic link of an image; paths are absolute, folders are made as needed. */
export type LayerEntry =
  | { readonly path: string; readonly content: Uint8Array | string; readonly mode?: number }
  | { readonly path: string; readonly linkTo: string };

/** A blob with its name. */
export interface Blob {
  readonly digest: string;
  readonly bytes: Uint8Array;
}

export interface Layer extends Blob {
  /** Digest before compression. */
  readonly diffId: string;
}

/** Packs a layer: the same bytes for the same entries. Compressed ones are kept in `cache`. */
export async function packLayer(entries: readonly LayerEntry[], cache: string): Promise<Layer> {
  const tar = await packTar(entries);
  const diffId = sha256(tar);
  const kept = join(cache, `${diffId.slice("sha256:".length)}-${process.versions.zlib}.tar.gz`);
  if (existsSync(kept)) {
    const bytes = readFileSync(kept);
    return { digest: sha256(bytes), bytes, diffId };
  }
  const bytes = gzipSync(tar, { level: 6 });
  mkdirSync(dirname(kept), { recursive: true });
  writeFileSync(`${kept}.${process.pid}`, bytes);
  renameSync(`${kept}.${process.pid}`, kept);
  return { digest: sha256(bytes), bytes, diffId };
}

/** `sha256:` and the digest in hexadecimal. */
export function sha256(bytes: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

const mtime = new Date(0);

async function packTar(entries: readonly LayerEntry[]): Promise<Buffer> {
  const tar = pack();
  const chunks: Buffer[] = [];
  tar.on("data", (chunk: unknown) => chunks.push(chunk as Buffer));
  const ended = once(tar, "end");
  const folders = new Set<string>();
  for (const entry of entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const name = entry.path.replace(/^\//, "");
    for (const folder of foldersOf(name)) {
      if (folders.has(folder)) continue;
      folders.add(folder);
      tar.entry({ name: `${folder}/`, type: "directory", mode: 0o755, mtime });
    }
    if ("linkTo" in entry) {
      tar.entry({ name, type: "symlink", linkname: entry.linkTo, mode: 0o777, mtime });
    } else {
      tar.entry({ name, mode: entry.mode ?? 0o644, mtime }, Buffer.from(entry.content));
    }
  }
  tar.finalize();
  await ended;
  return Buffer.concat(chunks);
}

function foldersOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_part, index) => parts.slice(0, index + 1).join("/"));
}
