import { WhorlError } from "../error.ts";
import type { ContentStore } from "./content-store.ts";
import type { Digest } from "./digest.ts";
import { downloadBlob } from "./download-blob.ts";
import { forEachBounded } from "./for-each-bounded.ts";
import { blobsOf } from "./image.ts";
import type { StoredImage } from "./image.ts";
import { parseManifest } from "./manifest.ts";
import type { Descriptor, ImageIndex, Platform } from "./manifest.ts";
import { formatReference, manifestKey } from "./reference.ts";
import type { Reference } from "./reference.ts";
import type { RegistryClient } from "./registry-client.ts";
import type { RegistryRepository } from "./registry-repository.ts";
import { selectPlatform } from "./select-platform.ts";
import type { OnTransfer } from "./transfer-progress.ts";

export interface PullOptions {
  readonly client: RegistryClient;
  readonly store: ContentStore;
  /** The processor in the registry's words: `amd64`. */
  readonly machine: string;
  /** Which manifest of an index; the best one where not given. */
  readonly platform?: Platform | undefined;
  readonly onTransfer?: OnTransfer | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface ManifestBytes {
  readonly bytes: Buffer;
  readonly digest: Digest;
  readonly mediaType: string | undefined;
}

/**
 * Brings an image into the store. What is there already is not moved again; a reference by digest
 * that is complete needs no registry at all.
 * @throws WhorlError `registry`, `image`, `limit` or `file`.
 */
export async function pullImage(reference: Reference, options: PullOptions): Promise<StoredImage> {
  const { client, store, platform, machine } = options;
  const repository = client.repository(reference);
  const name = formatReference(reference);
  const found = await obtainManifest(repository, manifestKey(reference), reference, options);
  const parsed = parseManifest(found.bytes, found.mediaType, name);
  if (parsed.kind === "image") {
    await obtainBlobs(repository, blobsOf(parsed.manifest), options);
    return { store, name, digest: found.digest, manifest: parsed.manifest, bytes: found.bytes };
  }
  const entry = selectPlatform(parsed.index, { wanted: platform, machine });
  const chosen = await obtainManifest(repository, entry.digest, { digest: entry.digest }, options);
  const image = parseManifest(chosen.bytes, entry.mediaType, `${name} (${entry.digest})`);
  if (image.kind === "index") throw nestedIndex(name, image.index);
  await obtainBlobs(repository, blobsOf(image.manifest), options);
  return { store, name, digest: chosen.digest, manifest: image.manifest, bytes: chosen.bytes };
}

async function obtainManifest(
  repository: RegistryRepository,
  key: string,
  { digest }: { readonly digest: Digest | undefined },
  { store, signal }: PullOptions,
): Promise<ManifestBytes> {
  const kept = digest === undefined ? undefined : await store.tryRead(digest);
  if (digest !== undefined && kept !== undefined) {
    return { bytes: kept, digest, mediaType: undefined };
  }
  const fetched = await repository.fetchManifest(key, signal);
  const name = { digest: fetched.digest, size: fetched.bytes.length };
  if (!(await store.has(name))) {
    await using writer = await store.writer(name);
    await writer.write(fetched.bytes);
    await writer.commit();
  }
  return fetched;
}

async function obtainBlobs(
  repository: RegistryRepository,
  blobs: readonly Descriptor[],
  { store, onTransfer, signal: outer }: PullOptions,
): Promise<void> {
  await forEachBounded(
    blobs,
    async (blob, signal) => {
      const { digest, mediaType, size } = blob;
      onTransfer?.({ kind: "start", digest, mediaType, sizeBytes: size });
      if (await store.has(blob)) {
        onTransfer?.({ kind: "done", digest, outcome: "present" });
        return;
      }
      await using writer = await store.writer(blob);
      const onBytes = (bytes: number): void => onTransfer?.({ kind: "progress", digest, bytes });
      await downloadBlob(repository, blob, writer, { onBytes, signal });
      onTransfer?.({ kind: "done", digest, outcome: "moved" });
    },
    outer,
  );
}

function nestedIndex(name: string, { manifests }: ImageIndex): WhorlError {
  return new WhorlError(
    "image",
    `${name} is an index inside an index (with ${manifests.length} manifests); name one of them by its digest`,
  );
}
