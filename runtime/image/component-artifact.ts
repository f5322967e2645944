import type { BlobSource } from "./blob-source.ts";
import { checkIsWasm, describeFile } from "./describe-file.ts";
import { sha256Digest } from "./digest.ts";
import type { BuiltImage } from "./image.ts";
import { encodeManifest } from "./manifest.ts";
import { mediaTypes } from "./media-types.ts";
import { bytesBlob } from "./spin-artifact.ts";

export interface ComponentArtifactOptions {
  /** What the component imports and exports: `wasi:http/incoming-handler@0.2.0`. */
  readonly imports: readonly string[];
  readonly exports: readonly string[];
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** The start of 1970 where not given, so that equal components have equal digests. */
  readonly created?: string | undefined;
}

const epoch = "1970-01-01T00:00:00Z";

/**
 * Makes the artifact of one component as wkg does (CNCF wasm OCI artifact layout).
 * @throws WhorlError `file` or `not_wasm` for a file that cannot be sent.
 */
export async function buildComponentArtifact(
  path: string,
  { imports, exports, annotations = {}, created = epoch }: ComponentArtifactOptions,
): Promise<BuiltImage> {
  await checkIsWasm(path);
  const name = await describeFile(path);
  const layer: BlobSource = {
    descriptor: { mediaType: mediaTypes.wasm, ...name },
    content: { kind: "file", path },
  };
  const config = bytesBlob(
    new TextEncoder().encode(
      JSON.stringify({
        created,
        architecture: "wasm",
        os: "wasip2",
        layerDigests: [name.digest],
        component: { exports, imports, target: null },
      }),
    ),
    mediaTypes.wasmConfig,
  );
  const bytes = encodeManifest({
    config: config.descriptor,
    layers: [layer.descriptor],
    annotations,
  });
  return {
    digest: sha256Digest(bytes),
    mediaType: mediaTypes.ociManifest,
    bytes,
    blobs: [layer, config],
  };
}
