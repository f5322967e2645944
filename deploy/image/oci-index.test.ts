import { expect, test } from "vitest";
import { sha256 } from "./layer.ts";
import { imageIndex, layoutFiles, type PlatformImage } from "./oci-index.ts";

const layer = { digest: sha256("layer"), bytes: Buffer.from("layer"), diffId: sha256("tar") };
const settings = { entrypoint: ["/run"], user: "65532:65532", labels: { title: "x" } };
const images: readonly PlatformImage[] = [
  { architecture: "amd64", layers: [layer], settings },
  { architecture: "arm64", layers: [layer], settings },
];

function parsed(files: ReadonlyMap<string, Uint8Array>, path: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(files.get(path) ?? []).toString()) as Record<string, unknown>;
}

const blob = (digest: string): string => `blobs/${digest.replace(":", "/")}`;

test("a layout leads from its index to every platform's manifest, configuration and layers", () => {
  const image = imageIndex(images);
  const files = layoutFiles(image, { tag: "1", name: "whorl/x:1" });
  const { manifests } = parsed(files, "index.json") as { manifests: { digest: string }[] };
  expect(manifests).toMatchObject([
    { digest: image.digest, annotations: { "org.opencontainers.image.ref.name": "1" } },
  ]);
  const index = parsed(files, blob(image.digest)) as { manifests: { digest: string }[] };
  expect(index.manifests).toMatchObject([
    { platform: { os: "linux", architecture: "amd64" } },
    { platform: { os: "linux", architecture: "arm64" } },
  ]);
  for (const { digest } of index.manifests) {
    const manifest = parsed(files, blob(digest)) as {
      config: { digest: string; size: number };
      layers: { digest: string; size: number }[];
    };
    expect(manifest.layers).toMatchObject([{ digest: layer.digest, size: 5 }]);
    expect(parsed(files, blob(manifest.config.digest))).toMatchObject({
      os: "linux",
      config: { Entrypoint: ["/run"], User: "65532:65532" },
      rootfs: { type: "layers", diff_ids: [layer.diffId] },
    });
  }
});

test("every blob has the digest of its bytes as its name, once", () => {
  const { blobs } = imageIndex(images);
  expect(new Set(blobs.map(({ digest }) => digest)).size).toBe(blobs.length);
  for (const { digest, bytes } of blobs) {
    if (digest !== layer.digest) expect(digest).toBe(sha256(bytes));
  }
});

test("the same images have the same digest", () => {
  expect(imageIndex(images).digest).toBe(imageIndex(images).digest);
});
