import { readFile, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { errorText, WhorlError } from "../error.ts";
import { ContentStore, isIntact } from "../image/content-store.ts";
import { isDigest } from "../image/digest.ts";
import type { LockedApp, LockedComponent, LockedContent } from "../image/locked-document.ts";
import { limits } from "../limits.ts";
import type { App, AppComponent, FileMount } from "./app.ts";
import { buildManifest } from "./load-manifest-app.ts";
import type { LoadOptions } from "./load-options.ts";
import { lockManifest } from "./locked-app-from-manifest.ts";
import { unlockedId, unlockManifest } from "./locked-app-manifest.ts";
import { encodeLockedApp, parseLockedApp } from "./locked-app.ts";

/**
 * Loads the app of a locked application file (`spin.lock`), whose contents are files or inlined.
 * @throws WhorlError `image` if it is none, `unsupported` if it needs what this host has not,
 * `manifest` or `file` if something in it is wrong or missing, `limit`.
 */
export async function loadLockedApp(path: string, options: LoadOptions = {}): Promise<App> {
  if (options.profile !== undefined) {
    throw new WhorlError(
      "usage",
      `${path} was locked with its profile; lock the manifest again for "${options.profile}"`,
    );
  }
  const locked = parseLockedApp(await readLocked(path), path);
  const paths = await contentPaths(locked, path, options);
  const pathOf = (content: LockedContent): string => paths.get(content) ?? "";
  const { toml } = unlockManifest(locked, path, pathOf);
  const directory = resolve(dirname(path));
  const { app } = await buildManifest(
    { name: `${path} (as a manifest)`, text: toml, directory },
    options,
  );
  const files = new Map(locked.components.map((each) => [unlockedId(each.id), each.files ?? []]));
  const components = [...app.components].map(([id, component]): [string, AppComponent] => [
    id,
    { ...component, files: mounts(files.get(component.declaredId ?? id) ?? [], { path, pathOf }) },
  ]);
  return { ...app, components: new Map(components) };
}

/**
 * Writes the locked application of a manifest.
 * @throws WhorlError as {@link lockManifest} does, `file` if it cannot be written.
 */
export async function writeLockedApp(
  manifestPath: string,
  target: string,
  options: LoadOptions = {},
): Promise<void> {
  const locked = await lockManifest(manifestPath, options);
  const origin = pathToFileURL(resolve(manifestPath)).href;
  const metadata = Object.fromEntries(
    Object.entries({ ...locked.metadata, origin }).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
  await writeFile(target, encodeLockedApp({ ...locked, metadata })).catch((error: unknown) => {
    throw new WhorlError("file", `cannot write ${target}: ${errorText(error)}`, { cause: error });
  });
}

async function readLocked(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size <= limits.lockedAppBytesMax) return await readFile(path);
  } catch (error) {
    throw new WhorlError("file", `cannot read ${path}: ${errorText(error)}`, { cause: error });
  }
  throw new WhorlError("limit", `${path} has more than ${limits.lockedAppBytesMax} bytes`);
}

/** Everything that the app consists of, as files. */
async function contentPaths(
  { components, triggers }: LockedApp,
  path: string,
  options: LoadOptions,
): Promise<ReadonlyMap<LockedContent, string>> {
  const inner = [...triggers, ...components].flatMap(({ trigger_dependencies: roles = {} }) =>
    Object.values(roles).flat(),
  );
  const contents: LockedContent[] = [
    ...components.flatMap((component) => ownContents(component)),
    ...inner.map(({ source }) => source),
  ];
  const place = { path, options };
  const paths = new Map<LockedContent, string>();
  for (const content of contents) paths.set(content, await contentPath(content, place));
  return paths;
}

function ownContents({ source, files = [], dependencies = {} }: LockedComponent): LockedContent[] {
  return [source, ...files, ...Object.values(dependencies).map((each) => each.source)];
}

interface LockedPlace {
  readonly path: string;
  readonly options: LoadOptions;
}

async function contentPath(
  { source, inline, digest }: LockedContent,
  { path, options }: LockedPlace,
): Promise<string> {
  if (inline !== undefined) return inlinePath(inline, { path, options });
  if (source === undefined) {
    throw new WhorlError(
      "image",
      `${path}: ${digest ?? "some content"} is named by its digest alone; load the image that it belongs to`,
    );
  }
  if (!source.startsWith("file:")) {
    throw new WhorlError("image", `${path}: ${source} is no file: URL`);
  }
  const found = filePath(source, path);
  const isFile = (await stat(found).catch(() => undefined))?.isFile() === true;
  if (isFile && digest !== undefined && !(isDigest(digest) && (await isIntact(found, digest)))) {
    throw new WhorlError("image", `${path}: ${found} is not ${digest}; lock the app again`);
  }
  return found;
}

function filePath(source: string, path: string): string {
  try {
    return fileURLToPath(source);
  } catch (error) {
    throw new WhorlError("image", `${path}: ${source} names no file here: ${errorText(error)}`, {
      cause: error,
    });
  }
}

async function inlinePath(inline: string, { path, options }: LockedPlace): Promise<string> {
  if (options.sources === undefined) {
    throw new WhorlError(
      "unsupported",
      `${path} has contents inside, for which there is no folder; name one for the cache`,
    );
  }
  const store = await ContentStore.open(options.sources.cacheDirectory);
  const { digest } = await store.add(Buffer.from(inline, "base64"));
  return store.pathOf(digest);
}

/** A file, or a directory with everything in it. */
function mounts(
  files: readonly (LockedContent & { readonly path: string })[],
  { path, pathOf }: { path: string; pathOf: (content: LockedContent) => string },
): FileMount[] {
  return files.map((file) => {
    const segments = file.path.split("/").filter((each) => each !== "" && each !== ".");
    if (segments.includes("..") || file.path.includes("\0")) {
      throw new WhorlError(
        "image",
        `${path}: the file ${JSON.stringify(file.path)} leads out of its folder; do not trust it`,
      );
    }
    return { hostPath: pathOf(file), guestPath: segments.join("/") };
  });
}
