import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { lockManifest } from "../../runtime/app/locked-app-from-manifest.ts";
import { unlockManifest } from "../../runtime/app/locked-app-manifest.ts";
import { ShimError } from "../error.ts";

/**
 * Copies an app, manifest or component, with all files that it names, so that it needs nothing else
 * any more. Gives the path of the copy.
 * @throws WhorlError for a manifest that cannot be used
 */
export async function copyApp(source: string, folder: string): Promise<string> {
  const target = join(folder, "app");
  await mkdir(target);
  if (source.endsWith(".wasm")) {
    const path = join(target, basename(source));
    await copyFile(source, path);
    return path;
  }
  const { toml, files } = unlockManifest(await lockManifest(source), source);
  for (const [path, content] of files) {
    if (content.source?.startsWith("file:") !== true) {
      throw new ShimError("invalid_argument", `${path} of ${source} is not in a file`);
    }
    const copy = join(target, path);
    await mkdir(dirname(copy), { recursive: true });
    await copyFile(fileURLToPath(content.source), copy);
  }
  const manifest = join(target, "spin.toml");
  await writeFile(manifest, toml);
  return manifest;
}
