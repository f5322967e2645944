import { pack } from "tar-stream";
import { canaryComponent } from "./canary-component.ts";
import { sha256 } from "./node-files.ts";

/** Content of an image, with its digest. */
export interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly bytes: Uint8Array;
  /** By which containerd's garbage collection finds what belongs to it. */
  readonly labels: Readonly<Record<string, string>>;
}

/** An image of which everything is at hand. */
export interface WholeImage {
  readonly name: string;
  /** The last one is the manifest. */
  readonly blobs: readonly [...Blob[], Blob];
}

const mediaTypes = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
} as const;

const manifestText = `spin_manifest_version = 2
[application]
name = "canary"
[[trigger.command]]
component = "canary"
[component.canary]
source = "canary.wasm"
`;

/**
 * The canary: an ordinary image, which every release of containerd takes, with a Wasm program. The
 * same bytes each time.
 */
export async function canaryImage(): Promise<WholeImage> {
  const files = [
    { name: "spin.toml", content: Buffer.from(manifestText) },
    { name: "canary.wasm", content: Buffer.from(canaryComponent()) },
  ];
  const layer = blob(mediaTypes.layer, await tar(files));
  const config = jsonBlob(mediaTypes.config, {
    architecture: process.arch === "arm64" ? "arm64" : "amd64",
    os: "linux",
    config: { Entrypoint: ["/"] },
    rootfs: { type: "layers", diff_ids: [layer.digest] },
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: descriptorOf(config),
    layers: [descriptorOf(layer)],
  };
  const labels = {
    "containerd.io/gc.ref.content.config": config.digest,
    "containerd.io/gc.ref.content.l.0": layer.digest,
  };
  const whole = { ...jsonBlob(mediaTypes.manifest, manifest), labels };
  // Named after its content: another version's canary is another image.
  const name = `localhost/whorl-canary:${whole.digest.slice("sha256:".length, 19)}`;
  return { name, blobs: [layer, config, whole] };
}

function descriptorOf({ mediaType, digest, bytes }: Blob): object {
  return { mediaType, digest, size: bytes.length };
}

function jsonBlob(mediaType: string, value: object): Blob {
  return blob(mediaType, Buffer.from(JSON.stringify(value)));
}

function blob(mediaType: string, bytes: Uint8Array): Blob {
  return { mediaType, digest: `sha256:${sha256(bytes)}`, bytes, labels: {} };
}

async function tar(
  files: readonly { readonly name: string; readonly content: Buffer }[],
): Promise<Buffer> {
  const packed = pack();
  for (const { name, content } of files) {
    packed.entry({ name, mode: 0o644, mtime: new Date(0) }, content);
  }
  packed.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of packed) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
