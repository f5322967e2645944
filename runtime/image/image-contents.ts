import { posix } from "node:path";
import { WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import { readContainerFiles } from "./container-files.ts";
import type { BlobName } from "./content-store.ts";
import type { Digest } from "./digest.ts";
import type { StoredImage } from "./image.ts";
import { isObject, parseJsonObject } from "./manifest.ts";
import type { Descriptor } from "./manifest.ts";
import { layerCompression, mediaTypes } from "./media-types.ts";
import { fullBudget, readArchive, safePath } from "./read-archive.ts";

/** What an image carries, by its form. */
export type ImageContents =
  /** A Spin application; its files are in the store by digest. */
  | {
      readonly kind: "spin";
      readonly locked: Uint8Array;
      readonly contents: ReadonlyMap<Digest, BlobName>;
    }
  /** One component, as wkg packs it. */
  | { readonly kind: "component"; readonly component: Descriptor }
  /** An ordinary image with a manifest or a component as its entrypoint. */
  | {
      readonly kind: "container";
      readonly files: ReadonlyMap<string, BlobName>;
      readonly entrypoint: string;
    };

/** The form of an image, before its archives are looked into. */
export type ImageForm = ImageContents["kind"];

/**
 * What an image is, by its media types.
 * @throws WhorlError `image` if it carries nothing that can be run here.
 */
export function imageForm({ name, manifest }: Pick<StoredImage, "name" | "manifest">): ImageForm {
  const { config, layers } = manifest;
  const types = layers.map(({ mediaType }) => mediaType);
  if (types.includes(mediaTypes.spinApplication)) return "spin";
  // Before Spin 1.4 the configuration is the locked application.
  if (types.includes(mediaTypes.spinWasm) || types.includes(mediaTypes.spinData)) return "spin";
  if (config.mediaType === mediaTypes.wasmConfig || types.includes(mediaTypes.wasm)) {
    return "component";
  }
  if (layers.length > 0 && types.every((type) => layerCompression(type) !== undefined)) {
    return "container";
  }
  const unknown = [...new Set(types)].slice(0, 10).join(", ");
  throw new WhorlError(
    "image",
    `${name} is no app: its layers are ${unknown === "" ? "missing" : unknown} (config ${config.mediaType}); push one with "whorl registry push"`,
  );
}

/**
 * Looks into a stored image; content of archives is put into the store.
 * @throws WhorlError `image`, `unsupported` or `limit`.
 */
export async function readImageContents(image: StoredImage): Promise<ImageContents> {
  switch (imageForm(image)) {
    case "spin":
      return readSpin(image);
    case "component":
      return readComponent(image);
    case "container":
      return readContainer(image);
  }
}

async function readSpin(image: StoredImage): Promise<ImageContents> {
  const { store, manifest } = image;
  const locked = manifest.layers.findLast(
    ({ mediaType }) => mediaType === mediaTypes.spinApplication,
  );
  const lockedBlob = locked ?? manifest.config;
  if (lockedBlob.size > limits.lockedAppBytesMax) {
    throw new WhorlError(
      "limit",
      `${image.name}: the locked application has ${lockedBlob.size} bytes; ${limits.lockedAppBytesMax} are accepted`,
    );
  }
  const contents = new Map<Digest, BlobName>(manifest.layers.map((layer) => [layer.digest, layer]));
  const budget = fullBudget();
  for (const layer of manifest.layers) {
    if (layer.mediaType !== mediaTypes.spinArchive) continue;
    const name = `${image.name}: archive ${layer.digest}`;
    const path = store.pathOf(layer.digest);
    const paths = new Set<string>();
    for await (const entry of readArchive({ path, name, compression: "gzip", budget })) {
      if (entry.kind === "directory") continue;
      if (entry.kind !== "file") {
        throw new WhorlError(
          "image",
          `${name}: "${entry.path}" is a ${entry.kind === "other" ? "special file" : entry.kind}; an app's archive may have files only`,
        );
      }
      if (paths.has(entry.path)) {
        throw new WhorlError("image", `${name} has "${entry.path}" twice`);
      }
      paths.add(entry.path);
      const blob = await store.ingest(entry.body, limits.unpackedBytesMax);
      contents.set(blob.digest, blob);
    }
  }
  return { kind: "spin", locked: await store.read(lockedBlob), contents };
}

function readComponent({ name, manifest }: StoredImage): ImageContents {
  const [component, ...others] = manifest.layers;
  if (component?.mediaType === mediaTypes.wasm && others.length === 0) {
    return { kind: "component", component };
  }
  throw new WhorlError(
    "image",
    `${name} is a package of one component, but has ${manifest.layers.length} layers (${manifest.layers
      .slice(0, 5)
      .map(({ mediaType }) => mediaType)
      .join(", ")})`,
  );
}

async function readContainer(image: StoredImage): Promise<ImageContents> {
  const files = await readContainerFiles(image);
  const config = parseJsonObject(
    await image.store.read(image.manifest.config),
    `${image.name}: configuration`,
  );
  return { kind: "container", files, entrypoint: findEntrypoint(image.name, config, files) };
}

/** `spin.toml` in the root, else the .wasm file that the image starts. */
function findEntrypoint(
  name: string,
  config: Readonly<Record<string, unknown>>,
  files: ReadonlyMap<string, BlobName>,
): string {
  const inner = isObject(config["config"]) ? config["config"] : {};
  const { Entrypoint: entrypoint, Cmd: command, WorkingDir: workingDir } = inner;
  const first = [entrypoint, command]
    .flatMap((each) => (Array.isArray(each) ? (each as unknown[]) : []))
    .find((each) => typeof each === "string");
  const folder = typeof workingDir === "string" ? workingDir : "/";
  const path =
    typeof first === "string" ? safePath(posix.resolve("/", folder, first), name) : undefined;
  if (path?.endsWith(".toml") === true && files.has(path)) return path;
  if (files.has("spin.toml")) return "spin.toml";
  if (path?.endsWith(".wasm") === true && files.has(path)) return path;
  throw new WhorlError(
    "image",
    `${name} is an ordinary image without /spin.toml and does not start a .wasm file (it starts ${JSON.stringify(first ?? null)}); run it with a container engine`,
  );
}
