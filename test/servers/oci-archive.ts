import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { gzipSync } from "node:zlib";
import { type Header, pack } from "tar-stream";

/** A file, or a symbolic link, of an image. */
export interface ImageEntry {
  readonly path: string;
  readonly content?: Uint8Array | string;
  readonly linkTo?: string;
  readonly mode?: number;
}

export interface ImageContent {
  /** `localhost/name:tag`. */
  readonly name: string;
  readonly entries: readonly ImageEntry[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: readonly string[];
}

/** Writes an image as an OCI archive, which `ctr image import` takes. */
export async function writeImageArchive(path: string, image: ImageContent): Promise<void> {
  const layer = await tar(image.entries);
  const compressed = gzipSync(layer);
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === "arm64" ? "arm64" : "amd64",
      os: "linux",
      config: {
        Entrypoint: image.entrypoint ?? [],
        Cmd: image.command ?? [],
        Env: ["PATH=/bin:/usr/bin", ...(image.environment ?? [])],
      },
      rootfs: { type: "layers", diff_ids: [digest(layer)] },
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: descriptor(mediaTypes.config, config),
      layers: [descriptor(mediaTypes.layer, compressed)],
    }),
  );
  const index = {
    schemaVersion: 2,
    manifests: [
      {
        ...descriptor(mediaTypes.manifest, manifest),
        annotations: { "io.containerd.image.name": image.name },
      },
    ],
  };
  const blobs = [compressed, config, manifest].map((content) => ({
    path: `blobs/sha256/${digest(content).slice("sha256:".length)}`,
    content,
  }));
  const archive = await tar([
    { path: "oci-layout", content: '{"imageLayoutVersion":"1.0.0"}' },
    { path: "index.json", content: JSON.stringify(index) },
    ...blobs,
  ]);
  await pipeline([archive], createWriteStream(path));
}

const mediaTypes = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
} as const;

function descriptor(
  mediaType: string,
  content: Uint8Array,
): { mediaType: string; digest: string; size: number } {
  return { mediaType, digest: digest(content), size: content.length };
}

function digest(content: Uint8Array): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

async function tar(entries: readonly ImageEntry[]): Promise<Buffer> {
  const packed = pack();
  for (const { path, content = "", linkTo, mode = 0o644 } of entries) {
    const header: Pick<Header, "name"> & Partial<Header> = {
      name: path.replace(/^\//, ""),
      mode,
      mtime: new Date(0),
    };
    if (linkTo === undefined) packed.entry(header, Buffer.from(content));
    else packed.entry({ ...header, type: "symlink", linkname: linkTo });
  }
  packed.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of packed) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
