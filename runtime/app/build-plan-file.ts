import { readFile, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { errorText, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import { planBuild } from "./build-plan.ts";
import type { BuildPlan } from "./build-plan.ts";

/**
 * Path of the manifest that a person means: the file itself, or `spin.toml` of a directory.
 * @throws WhorlError `file` if there is none.
 */
export async function findManifest(path: string): Promise<string> {
  const found = await stat(path).catch((error: unknown) => {
    throw new WhorlError(
      "file",
      `${path} does not exist or cannot be read; name a manifest or its directory`,
      { cause: error },
    );
  });
  if (!found.isDirectory()) {
    if (extname(path) === ".toml") return path;
    throw new WhorlError("file", `${path} is no manifest; name a spin.toml or its directory`);
  }
  const manifest = join(path, "spin.toml");
  await stat(manifest).catch((error: unknown) => {
    throw new WhorlError(
      "file",
      `${path} has no spin.toml; go to the app's directory or name it with -f`,
      { cause: error },
    );
  });
  return manifest;
}

/**
 * Reads how the app of a manifest file is built.
 * @throws WhorlError `file`, `limit` or `manifest`.
 */
export async function readBuildPlan(manifest: string): Promise<BuildPlan> {
  const text = await readManifestText(manifest);
  return planBuild({ text, name: basename(manifest), directory: resolve(dirname(manifest)) });
}

/**
 * The text of a manifest file.
 * @throws WhorlError `file`, or `limit` if it is too large.
 */
export async function readManifestText(manifest: string): Promise<string> {
  const bytes = await readFile(manifest).catch((error: unknown) => {
    throw new WhorlError("file", `cannot read ${manifest}: ${errorText(error)}`, { cause: error });
  });
  if (bytes.length > limits.manifestBytesMax) {
    throw new WhorlError(
      "limit",
      `${manifest} has ${bytes.length} bytes; a manifest may have ${limits.manifestBytesMax}`,
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new WhorlError("manifest", `${manifest} is not UTF-8 text; save it as UTF-8`, {
      cause: error,
    });
  }
}
