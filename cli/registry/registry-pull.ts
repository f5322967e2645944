import { unpackImageApp } from "../../runtime/app/locked-app-image.ts";
import { WhorlError } from "../../runtime/error.ts";
import { toBuiltImage } from "../../runtime/image/image.ts";
import { writeLayoutArchive, writeLayoutFolder } from "../../runtime/image/oci-layout.ts";
import { formatReference } from "../../runtime/image/reference.ts";
import { obtainImage } from "./registry-source.ts";
import type { ObtainOptions } from "./registry-source.ts";
import type { RegistrySession } from "./registry-session.ts";
import { parseImageTarget } from "./registry-target.ts";
import type { ImageTarget } from "./registry-target.ts";

export interface RegistryPullOptions extends ObtainOptions {
  readonly from: string;
  /** `oci:FOLDER[:TAG]` or `oci-archive:FILE[:TAG]`; where not given, only into the cache. */
  readonly to?: string | undefined;
}

export interface RegistryPullResult {
  readonly digest: string;
  /** Folder with the unpacked app. */
  readonly folder: string;
}

/**
 * Brings an image here, checks that it is an app, and unpacks it, so that `whorl up` finds it.
 * @throws WhorlError `registry`, `image`, `unsupported`, `limit` or `file`.
 */
export async function registryPull(
  options: RegistryPullOptions,
  session: RegistrySession,
): Promise<RegistryPullResult> {
  const from = parseImageTarget(options.from);
  const to = options.to === undefined ? undefined : parseImageTarget(options.to);
  if (to?.kind === "registry") {
    const place = "oci:FOLDER[:TAG] or oci-archive:FILE[:TAG]";
    const advice = `"whorl registry push -f ${options.from} ${options.to}" sends it there`;
    throw new WhorlError("usage", `--to writes ${place}, not to a registry; ${advice}`);
  }
  const image = await obtainImage(from, session, options);
  const { folder } = await unpackImageApp(image);
  if (to !== undefined) {
    const write = to.kind === "folder" ? writeLayoutFolder : writeLayoutArchive;
    await write(to.path, toBuiltImage(image), to.tag ?? nameOf(from));
  }
  return { digest: image.digest, folder };
}

function nameOf(target: ImageTarget): string | undefined {
  return target.kind === "registry" ? formatReference(target.reference) : target.tag;
}
