import { type Blob, type Layer, sha256 } from "./layer.ts";

const mediaTypes = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
} as const;

/** What a container of an image runs, unless a pod says otherwise. */
export interface ImageSettings {
  readonly entrypoint: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: readonly string[];
  /** `uid:gid`; root where not given. */
  readonly user?: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface PlatformImage {
  readonly architecture: string;
  readonly layers: readonly Layer[];
  readonly settings: ImageSettings;
}

/** An image for several platforms. */
export interface ImageIndex {
  /** Of the index: the name of the whole image. */
  readonly digest: string;
  /** Digest of the manifest of each platform. */
  readonly platforms: Readonly<Record<string, string>>;
  /** Everything that it is made of, the index too; each digest once. */
  readonly blobs: readonly Blob[];
  readonly indexBytes: number;
}

/** Puts an image together: pure, the same bytes for the same layers and settings. */
export function imageIndex(images: readonly PlatformImage[]): ImageIndex {
  const blobs: Blob[] = [];
  const add = (bytes: Uint8Array): Blob => {
    const blob = { digest: sha256(bytes), bytes };
    blobs.push(blob);
    return blob;
  };
  const json = (value: object): Blob => add(Buffer.from(JSON.stringify(value)));
  const platforms: Record<string, string> = {};
  const manifests = images.map(({ architecture, layers, settings }) => {
    const config = json(imageConfig(architecture, layers, settings));
    blobs.push(...layers.map(({ digest, bytes }) => ({ digest, bytes })));
    const manifest = json({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: descriptor(mediaTypes.config, config),
      layers: layers.map((layer) => descriptor(mediaTypes.layer, layer)),
      annotations: settings.labels,
    });
    platforms[architecture] = manifest.digest;
    return {
      ...descriptor(mediaTypes.manifest, manifest),
      platform: { os: "linux", architecture },
    };
  });
  const index = json({ schemaVersion: 2, mediaType: mediaTypes.index, manifests });
  return {
    digest: index.digest,
    platforms,
    indexBytes: index.bytes.length,
    blobs: [...new Map(blobs.map((blob) => [blob.digest, blob])).values()],
  };
}

/** Files of an OCI layout with one image, by their path. */
export function layoutFiles(
  image: ImageIndex,
  names: { readonly tag: string; readonly name: string },
): ReadonlyMap<string, Uint8Array> {
  const index = {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [
      {
        mediaType: mediaTypes.index,
        digest: image.digest,
        size: image.indexBytes,
        annotations: {
          "org.opencontainers.image.ref.name": names.tag,
          "io.containerd.image.name": names.name,
        },
      },
    ],
  };
  return new Map<string, Uint8Array>([
    ["oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}')],
    ["index.json", Buffer.from(JSON.stringify(index))],
    ...image.blobs.map(
      ({ digest, bytes }) => [`blobs/${digest.replace(":", "/")}`, bytes] as const,
    ),
  ]);
}

function imageConfig(
  architecture: string,
  layers: readonly Layer[],
  { entrypoint, command, environment = [], user, labels }: ImageSettings,
): object {
  return {
    created: "1970-01-01T00:00:00Z",
    architecture,
    os: "linux",
    config: {
      Entrypoint: entrypoint,
      ...(command !== undefined && { Cmd: command }),
      ...(user !== undefined && { User: user }),
      Env: environment,
      WorkingDir: "/",
      Labels: labels,
    },
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
  };
}

function descriptor(mediaType: string, { digest, bytes }: Blob): object {
  return { mediaType, digest, size: bytes.length };
}
