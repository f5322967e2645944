import type { BlobSource } from "./blob-source.ts";
import type { ContentStore } from "./content-store.ts";
import { sha256Digest } from "./digest.ts";
import type { BuiltImage } from "./image.ts";
import { encodeManifest } from "./manifest.ts";
import type { Platform } from "./manifest.ts";
import { mediaTypes } from "./media-types.ts";
import { bytesBlob } from "./spin-artifact.ts";
import { packFiles } from "./write-archive.ts";
import type { PackedFile } from "./write-archive.ts";

export interface ContainerImageOptions {
  readonly store: ContentStore;
  /** `/spin.toml` or the path of a .wasm file. */
  readonly entrypoint: string;
  readonly platform?: Platform | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** Not checked for a single manifest; every builder and engine accepts it. */
const defaultPlatform: Platform = { os: "linux", architecture: "amd64" };

/**
 * Makes an ordinary container image of files: one tar+gzip layer per group, so that a group that
 * did not change is not sent again. Also containerd 1.6 takes it.
 */
export async function buildContainerImage(
  groups: readonly (readonly PackedFile[])[],
  { store, entrypoint, platform = defaultPlatform, annotations = {} }: ContainerImageOptions,
): Promise<BuiltImage> {
  const layers: BlobSource[] = [];
  const diffIds: string[] = [];
  for (const group of groups) {
    if (group.length === 0) continue;
    const { digest, size, diffId } = await packFiles(group, store);
    diffIds.push(diffId);
    layers.push({
      descriptor: { mediaType: mediaTypes.ociLayerGzip, digest, size },
      content: { kind: "file", path: store.pathOf(digest) },
    });
  }
  const config = bytesBlob(
    new TextEncoder().encode(
      JSON.stringify({
        ...platform,
        config: { Entrypoint: [entrypoint] },
        rootfs: { type: "layers", diff_ids: diffIds },
      }),
    ),
    mediaTypes.ociConfig,
  );
  const bytes = encodeManifest({
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
    annotations,
  });
  return {
    digest: sha256Digest(bytes),
    mediaType: mediaTypes.ociManifest,
    bytes,
    blobs: [...layers, config],
  };
}
