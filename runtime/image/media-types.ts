/** Media types of manifests, configurations and layers that are read or written. */
export const mediaTypes = {
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociIndex: "application/vnd.oci.image.index.v1+json",
  ociConfig: "application/vnd.oci.image.config.v1+json",
  ociLayer: "application/vnd.oci.image.layer.v1.tar",
  ociLayerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  ociLayerZstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerIndex: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  dockerLayer: "application/vnd.docker.image.rootfs.diff.tar",
  dockerLayerGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  /** Spin: the locked application. */
  spinApplication: "application/vnd.fermyon.spin.application.v1+config",
  /** Spin: one component or core module. */
  spinWasm: "application/vnd.wasm.content.layer.v1+wasm",
  /** Spin: one static file. */
  spinData: "application/vnd.wasm.content.layer.v1+data",
  /** Spin: static files of one component. */
  spinArchive: "application/vnd.wasm.content.bundle.v1.tar+gzip",
  /** wkg: the configuration of a single component. */
  wasmConfig: "application/vnd.wasm.config.v0+json",
  /** wkg: the component. */
  wasm: "application/wasm",
} as const;

/** What is asked for when a manifest is fetched. */
export const acceptedManifests: readonly string[] = [
  mediaTypes.ociManifest,
  mediaTypes.ociIndex,
  mediaTypes.dockerManifest,
  mediaTypes.dockerIndex,
];

export function isIndexType(mediaType: string): boolean {
  return mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerIndex;
}

/** How the archive of a container's layer is packed; undefined if it is no such layer. */
export function layerCompression(mediaType: string): "none" | "gzip" | "zstd" | undefined {
  switch (mediaType) {
    case mediaTypes.ociLayer:
    case mediaTypes.dockerLayer:
      return "none";
    case mediaTypes.ociLayerGzip:
    case mediaTypes.dockerLayerGzip:
    case mediaTypes.spinArchive:
      return "gzip";
    case mediaTypes.ociLayerZstd:
      return "zstd";
    default:
      return undefined;
  }
}
