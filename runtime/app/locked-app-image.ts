import { posix } from "node:path";
import { WhorlError } from "../error.ts";
import { makeAppFolder } from "../image/app-folder.ts";
import type { BlobName, ContentStore } from "../image/content-store.ts";
import { isDigest, matchesDigest, sha256Digest } from "../image/digest.ts";
import type { Digest } from "../image/digest.ts";
import { readImageContents } from "../image/image-contents.ts";
import type { ImageContents } from "../image/image-contents.ts";
import type { StoredImage } from "../image/image.ts";
import type { App } from "./app.ts";
import { unlockManifest } from "./locked-app-manifest.ts";
import { parseLockedApp } from "./locked-app.ts";
import type { LockedContent } from "../image/locked-document.ts";

/** A file of an image that `loadApp` takes: a manifest or a component. */
export interface ImageAppFile {
  readonly path: string;
  /** Folder that everything of the app is in. */
  readonly folder: string;
  /** Digest of the image's manifest. */
  readonly digest: Digest;
}

/**
 * Unpacks the app of a stored image into a folder of the store. Unpacked again only if something
 * of it is missing or broken.
 * @throws WhorlError `image`, `unsupported`, `limit` or `file`.
 */
export async function unpackImageApp(image: StoredImage): Promise<ImageAppFile> {
  const contents = await readImageContents(image);
  const { files, entry } = await appFiles(image, contents);
  const folder = await makeAppFolder(image.store, image.digest, files);
  return { path: posix.join(folder, entry), folder, digest: image.digest };
}

/**
 * The app of a stored image.
 * @param load what gives the unpacked file its meaning: `loadApp`, with the caller's options.
 * @throws WhorlError as {@link unpackImageApp} and `load` do.
 */
export async function loadImageApp(
  image: StoredImage,
  load: (path: string) => Promise<App>,
): Promise<App> {
  const { path, digest } = await unpackImageApp(image);
  const app = await load(path);
  return { ...app, ociImageDigest: digest };
}

interface AppFiles {
  readonly files: ReadonlyMap<string, BlobName>;
  readonly entry: string;
}

async function appFiles(image: StoredImage, contents: ImageContents): Promise<AppFiles> {
  switch (contents.kind) {
    case "spin":
      return spinFiles(image, contents);
    case "component": {
      const entry = `${componentName(image)}.wasm`;
      return { files: new Map([[entry, contents.component]]), entry };
    }
    case "container":
      return { files: contents.files, entry: contents.entrypoint };
  }
}

async function spinFiles(
  { name, store }: StoredImage,
  { locked, contents }: ImageContents & { readonly kind: "spin" },
): Promise<AppFiles> {
  const where = `locked application of ${name}`;
  const { toml, files } = unlockManifest(parseLockedApp(locked, where), where);
  const found = new Map<string, BlobName>();
  for (const [path, content] of files) {
    found.set(path, await findContent(content, { store, contents, what: `${where}: ${path}` }));
  }
  found.set("spin.toml", await store.add(new TextEncoder().encode(toml)));
  return { files: found, entry: "spin.toml" };
}

interface ContentPlace {
  readonly store: ContentStore;
  readonly contents: ReadonlyMap<Digest, BlobName>;
  readonly what: string;
}

/** Inlined content first: its layer is not pushed. */
async function findContent(
  { inline, digest }: LockedContent,
  { store, contents, what }: ContentPlace,
): Promise<BlobName> {
  if (inline !== undefined) {
    const bytes = Buffer.from(inline, "base64");
    if (digest !== undefined && (!isDigest(digest) || !matchesDigest(bytes, digest))) {
      throw new WhorlError("image", `${what}: the inlined content is not ${digest}`);
    }
    return store.add(bytes);
  }
  const blob = digest !== undefined && isDigest(digest) ? contents.get(digest) : undefined;
  if (blob !== undefined) return blob;
  throw new WhorlError(
    "image",
    `${what} is ${digest ?? "not named by digest"}, which is no layer of the image`,
  );
}

/** For a package there is no better name than the one it was asked for by. */
function componentName({ name, manifest }: StoredImage): string {
  const title = manifest.annotations["org.opencontainers.image.title"];
  const path = name.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  const last = posix.basename(title ?? path, ".wasm").replaceAll(/[^A-Za-z0-9-]+/g, "-");
  return last === "" ? sha256Digest(new TextEncoder().encode(name)).slice(7, 19) : last;
}
