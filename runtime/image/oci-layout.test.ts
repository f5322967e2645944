import { existsSync, mkdtempDisposableSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { BlobSource } from "./blob-source.ts";
import { sha256Digest } from "./digest.ts";
import type { BuiltImage } from "./image.ts";
import { encodeManifest } from "./manifest.ts";
import { mediaTypes } from "./media-types.ts";
import { writeLayoutArchive, writeLayoutFolder } from "./oci-layout.ts";
import { bytesBlob } from "./spin-artifact.ts";

function imageOf(layer: BlobSource): BuiltImage {
  const config = bytesBlob(Buffer.from("{}"), mediaTypes.ociConfig);
  const bytes = encodeManifest({ config: config.descriptor, layers: [layer.descriptor] });
  const digest = sha256Digest(bytes);
  return { digest, mediaType: mediaTypes.ociManifest, bytes, blobs: [layer, config] };
}

const image = imageOf(bytesBlob(Buffer.alloc(200_000), mediaTypes.spinWasm));

test.each([
  ["a folder that can have no others", writeLayoutFolder, "/proc/x/layout"],
  ["a folder below a file", writeLayoutFolder, "/dev/null/layout"],
  ["an archive where no file can be made", writeLayoutArchive, "/proc/x.tar"],
  ["an archive below a file", writeLayoutArchive, "/dev/null/x.tar"],
])("%s is told as such", async (_name, write, path) => {
  const failure = { code: "file", message: expect.stringMatching(`^cannot write ${path}: E`) };
  await expect(write(path, image, "v1")).rejects.toMatchObject(failure);
});

test.each([
  ["folder", writeLayoutFolder],
  ["archive", writeLayoutArchive],
])("a %s that is not finished has nothing that a reader would take", async (name, write) => {
  using folder = mkdtempDisposableSync(join(tmpdir(), "whorl-test-"));
  const { descriptor } = bytesBlob(Buffer.from("gone"), mediaTypes.spinWasm);
  const gone: BlobSource = {
    descriptor,
    content: { kind: "file", path: join(folder.path, "gone") },
  };
  const target = join(folder.path, "layout");
  await expect(write(target, imageOf(gone), "v1")).rejects.toMatchObject({ code: "file" });
  expect(existsSync(join(target, "index.json"))).toBe(false);
  if (name === "archive") expect(readdirSync(folder.path)).toEqual([]);
});

test("a folder that is there already is used", async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), "whorl-test-"));
  writeFileSync(join(folder.path, "other"), "");
  await writeLayoutFolder(folder.path, image, "v1");
  expect(readdirSync(folder.path).toSorted()).toEqual([
    "blobs",
    "index.json",
    "oci-layout",
    "other",
  ]);
});
