import { stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { WhorlError } from "../error.ts";
import { planBuild } from "./build-plan.ts";
import type { BuildPlan } from "./build-plan.ts";
import { readManifestFile } from "./read-manifest.ts";

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
export async function readBuildPlan(manifest: string, profile?: string): Promise<BuildPlan> {
  return planBuild({ ...(await readManifestFile(manifest)), name: basename(manifest) }, profile);
}

/**
 * The text of a manifest file.
 * @throws WhorlError `file`, `manifest` if it is no text, or `limit` if it is too large.
 */
export async function readManifestText(manifest: string): Promise<string> {
  const { text } = await readManifestFile(manifest);
  return text;
}
