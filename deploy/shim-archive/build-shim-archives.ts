/**
 * `node bin/node.js deploy/shim-archive/build-shim-archives.ts --location=URL`: the runtime as
 * archives for runtime-class-manager in dist/shim/, with a Shim resource for each of its names.
 * `URL` is where the archives will be served from.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { platforms } from "../image/platform.ts";
import { buildShimArchives, shimNames, shimResource } from "./shim-archive.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { values } = parseArgs({ options: { location: { type: "string" } } });
const { location } = values;
if (location === undefined) throw new Error("--location=URL: where will the archives be served?");
const target = join(root, "dist/shim");
mkdirSync(target, { recursive: true });
const archives = await buildShimArchives(platforms, join(root, ".cache/image"));
for (const { name, bytes, sha256 } of archives) {
  writeFileSync(join(target, name), bytes);
  console.log(`${name} ${sha256} ${(bytes.length / 1e6).toFixed(1)} MB`);
}
for (const name of shimNames) {
  const text = stringify(shimResource(archives, { location, name }));
  writeFileSync(join(target, `shim-${name}.yaml`), text);
}
