import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { limits } from "../limits.ts";
import { mediaTypes } from "./media-types.ts";
import { createPullBench, layerBytes, onBlob } from "./test-pull.ts";
import type { PullBench } from "./test-pull.ts";

let bench: PullBench;

beforeEach(async () => {
  bench = await createPullBench();
});

afterEach(() => bench[Symbol.asyncDispose]());

describe("an image that lies", () => {
  test("about a digest: refused, nothing kept of it", async () => {
    bench.addImage();
    const wrong = Buffer.alloc(layerBytes.length, "other ");
    for (const [digest, bytes] of bench.registry.blobs) {
      if (bytes.length === wrong.length) bench.registry.blobs.set(digest, wrong);
    }
    const error = await bench.failure();
    expect(error).toMatchObject({ code: "image" });
    expect(error.message).toMatch(/was promised; do not trust/);
    expect(await bench.stored()).toMatchObject({ pieces: 0 });
  });

  test.each([
    { what: "smaller", size: layerBytes.length - 1 },
    { what: "larger", size: layerBytes.length + 1 },
  ])("about a size, $what", async ({ size }) => {
    bench.addImage({ layer: { size } });
    expect((await bench.failure()).message).toMatch(/in the registry, not the .* promises/);
  });

  test("about a size, without saying so beforehand", async () => {
    bench.addImage();
    bench.registry.behave(
      onBlob((_request, response) => {
        response.writeHead(200, { "transfer-encoding": "chunked" });
        for (let piece = 0; piece < 20; piece++) response.write(layerBytes);
        response.end();
        return true;
      }),
    );
    expect((await bench.failure()).message).toMatch(/is longer than the .* bytes/);
    expect(await bench.stored()).toEqual({ blobs: 1, pieces: 0 });
  });

  test("about its manifest", async () => {
    const digest = bench.addImage();
    bench.registry.manifests.set(digest, {
      bytes: Buffer.from("{}"),
      mediaType: mediaTypes.ociManifest,
    });
    expect((await bench.failure({ name: `app@${digest}` })).message).toMatch(
      /gives a manifest that is not/,
    );
  });
});

describe("an image that is refused", () => {
  const layer = { mediaType: mediaTypes.spinData, digest: `sha256:${"1".repeat(64)}`, size: 5 };
  test.each([
    {
      what: "schema 1",
      manifest: { schemaVersion: 1 },
      code: "image",
      message: /schema version 1/,
    },
    {
      what: "an unknown type",
      manifest: { mediaType: "text/plain" },
      code: "image",
      message: /unknown media type/,
    },
    { what: "no layers", manifest: { layers: 3 }, code: "image", message: /no list "layers"/ },
    { what: "no config", manifest: { config: null }, code: "image", message: /not a descriptor/ },
    {
      what: "thousands of layers",
      manifest: { layers: Array(4000).fill(layer) },
      code: "limit",
      message: /4000 layers; at most 500/,
    },
    {
      what: "a path as digest",
      manifest: { layers: [{ ...layer, digest: "sha256:../../x" }] },
      code: "image",
      message: /not a digest/,
    },
    {
      what: "a negative size",
      manifest: { layers: [{ ...layer, size: -1 }] },
      code: "image",
      message: /size -1/,
    },
    {
      what: "a huge blob",
      manifest: { layers: [{ ...layer, size: limits.imageBlobBytesMax + 1 }] },
      code: "limit",
      message: /a blob may have/,
    },
    {
      what: "too much in all",
      manifest: { layers: Array(5).fill({ ...layer, size: limits.imageBlobBytesMax }) },
      code: "limit",
      message: /an image may have/,
    },
  ])("$what", async ({ manifest, code, message }) => {
    bench.addImage({ manifest });
    const error = await bench.failure();
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(await bench.stored()).toEqual({ blobs: 1, pieces: 0 });
  });

  test("a manifest larger than its limit", async () => {
    bench.addImage({ manifest: { annotations: { x: "y".repeat(limits.imageManifestBytesMax) } } });
    expect((await bench.failure()).message).toMatch(/larger than \d+ bytes/);
  });
});

describe("an index that is refused", () => {
  const entry = { mediaType: mediaTypes.ociManifest, digest: `sha256:${"1".repeat(64)}`, size: 5 };
  const empty = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [] };

  test.each([
    { what: "nothing in it", manifests: [], code: "image", message: /the index has none/ },
    {
      what: "thousands of manifests",
      manifests: Array(15_000).fill(entry),
      code: "limit",
      message: /15000 manifests; at most 500/,
    },
  ])("$what", async ({ manifests, code, message }) => {
    bench.registry.addManifest("v1", { ...empty, manifests });
    const error = await bench.failure();
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test.each([mediaTypes.ociIndex, mediaTypes.ociManifest])(
    "an index inside, announced as %s",
    async (mediaType) => {
      const digest = bench.registry.addManifest("inner", empty);
      const size = JSON.stringify(empty).length;
      bench.registry.addManifest("v1", { ...empty, manifests: [{ mediaType, digest, size }] });
      expect((await bench.failure()).message).toMatch(/is an index inside an index/);
    },
  );
});

test.each(["<html>", "null", "[".repeat(100_000)])("a manifest that begins %.10s", async (text) => {
  bench.registry.manifests.set("v1", {
    bytes: Buffer.from(text),
    mediaType: mediaTypes.ociManifest,
  });
  const error = await bench.failure();
  expect(error.code).toBe("image");
  expect(error.message).toMatch(/is not (?:JSON|a JSON object)/);
});
