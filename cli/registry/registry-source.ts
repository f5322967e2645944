import { stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { WhorlError } from "../../runtime/error.ts";
import type { StoredImage } from "../../runtime/image/image.ts";
import type { Platform } from "../../runtime/image/manifest.ts";
import { importLayout, isLayout } from "../../runtime/image/oci-layout.ts";
import { pullImage } from "../../runtime/image/pull-image.ts";
import { machineOf } from "../../runtime/image/select-platform.ts";
import type { OnTransfer } from "../../runtime/image/transfer-progress.ts";
import { parseImageTarget } from "./registry-target.ts";
import type { ImageTarget } from "./registry-target.ts";
import type { RegistrySession } from "./registry-session.ts";

export interface ObtainOptions {
  readonly platform?: Platform | undefined;
  readonly onTransfer?: OnTransfer | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Brings an image into the session's store, from wherever it is.
 * @throws WhorlError `registry`, `image`, `file` or `limit`.
 */
export async function obtainImage(
  target: ImageTarget,
  { client, store }: RegistrySession,
  options: ObtainOptions = {},
): Promise<StoredImage> {
  const machine = machineOf(process.arch);
  if (target.kind === "registry") {
    return pullImage(target.reference, { client, store, machine, ...options });
  }
  const { path, tag } = target;
  return importLayout(path, { store, machine, tag, platform: options.platform });
}

/**
 * What `whorl up -f` was given: an image, or undefined for a path that `loadApp` takes. A path that
 * exists is never a reference.
 * @throws WhorlError `usage` if the text is neither.
 */
export async function imageToRun(from: string): Promise<ImageTarget | undefined> {
  if (/^(?:oci|oci-archive):/.test(from)) return parseImageTarget(from);
  const found = await stat(from).catch(() => undefined);
  if (found !== undefined) {
    if (!(await isLayout(from))) return undefined;
    return { kind: found.isDirectory() ? "folder" : "archive", path: from, tag: undefined };
  }
  // A reference without a slash could only be an official image of the default registry.
  const looksLikePath =
    !from.includes("/") ||
    isAbsolute(from) ||
    from.startsWith(".") ||
    /\.(?:toml|wasm)$/.test(from);
  if (looksLikePath) return undefined;
  try {
    return parseImageTarget(from);
  } catch (error) {
    if (!(error instanceof WhorlError)) throw error;
    throw new WhorlError("usage", `${from} is no file here, and ${error.message}`, {
      cause: error,
    });
  }
}
