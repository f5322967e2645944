import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildImage, projectVersion, writeImage } from "../../deploy/image/build-image.ts";
import type { LockedDebianPackage } from "../../deploy/image/debian-libraries.ts";
import { platforms } from "../../deploy/image/platform.ts";
import type { ImageName } from "../../deploy/image/programs.ts";
import { TemporaryFolder } from "../temporary-folder.ts";

const lockFile = fileURLToPath(new URL("../../deploy/image/debian-lock.json", import.meta.url));

/** Builds images for this machine and sends them to a registry, tagged with their version. */
export async function pushImages(
  registry: string,
  names: readonly ImageName[],
  version: string = projectVersion(),
): Promise<void> {
  using folder = new TemporaryFolder({});
  const own = platforms.filter(({ nodeArch }) => nodeArch === process.arch);
  const locked = JSON.parse(readFileSync(lockFile, "utf8")) as LockedDebianPackage[];
  for (const name of names) {
    const image = await buildImage({ name, version, platforms: own, locked, base: "newer" });
    writeImage(folder.path, name, image);
    const target = `docker://${registry}/whorl/${name}:${version}`;
    const source = `oci:${folder.file(name)}:${version}`;
    const args = ["copy", "--quiet", "--all", "--dest-tls-verify=false", source, target];
    const { status, stderr } = spawnSync("skopeo", args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`skopeo: ${stderr}`);
  }
}
