/**
 * `npm run image`: the images of operator and agent as OCI layouts in dist/images/, with a bill of
 * materials (SPDX) and provenance (in-toto) for each platform. The same sources give the same
 * digests. Names of images as arguments build just those.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildImage, projectVersion, writeImage } from "./build-image.ts";
import type { LockedDebianPackage } from "./debian-libraries.ts";
import { platforms } from "./platform.ts";
import type { ImageName } from "./programs.ts";

const lockFile = fileURLToPath(new URL("debian-lock.json", import.meta.url));
const target = fileURLToPath(new URL("../../dist/images", import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    platform: { type: "string", multiple: true },
    "update-base": { type: "boolean", default: false },
  },
});
const wanted = values.platform?.map((platform) => platform.replace(/^linux\//, ""));
const chosen = platforms.filter(({ architecture }) => wanted?.includes(architecture) ?? true);
const names = (["operator", "agent"] as const satisfies readonly ImageName[]).filter(
  (name) => positionals.length === 0 || positionals.includes(name),
);
const locked = JSON.parse(readFileSync(lockFile, "utf8")) as LockedDebianPackage[];
const base = values["update-base"] ? "update" : "locked";
for (const name of names) {
  const version = projectVersion();
  const image = await buildImage({ name, version, platforms: chosen, locked, base });
  writeImage(target, name, image);
  if (base === "update") {
    const packages = image.materials.flatMap(({ debian }) => debian);
    writeFileSync(lockFile, `${JSON.stringify(packages, undefined, 2)}\n`);
  }
  const bytes = image.index.blobs.reduce((sum, blob) => sum + blob.bytes.length, 0);
  console.log(`${name} ${version} ${image.index.digest} ${(bytes / 1e6).toFixed(1)} MB`);
}
