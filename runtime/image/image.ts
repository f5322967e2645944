import type { ContentStore } from "./content-store.ts";
import type { BlobSource } from "./blob-source.ts";
import type { Digest } from "./digest.ts";
import type { Descriptor, ImageManifest } from "./manifest.ts";

/** An image whose manifest, configuration and layers are all in a store. */
export interface StoredImage {
  readonly store: ContentStore;
  /** What messages call it: a reference or a path. */
  readonly name: string;
  /** Of the manifest of this platform. */
  readonly digest: Digest;
  readonly manifest: ImageManifest;
  /** Bytes of the manifest. */
  readonly bytes: Uint8Array;
}

/** An image that was made here and can be sent. */
export interface BuiltImage {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes of the manifest. */
  readonly bytes: Uint8Array;
  /** Configuration and layers, each digest once. */
  readonly blobs: readonly BlobSource[];
}

/** Configuration and layers of a manifest, each digest once. */
export function blobsOf({ config, layers }: ImageManifest): Descriptor[] {
  const byDigest = new Map([config, ...layers].map((blob) => [blob.digest, blob]));
  return [...byDigest.values()];
}

/** A stored image as it would be sent on. */
export function toBuiltImage({ store, digest, manifest, bytes }: StoredImage): BuiltImage {
  return {
    digest,
    mediaType: manifest.mediaType,
    bytes,
    blobs: blobsOf(manifest).map((descriptor) => ({
      descriptor,
      content: { kind: "file", path: store.pathOf(descriptor.digest) },
    })),
  };
}
