import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { billOfMaterials, type Materials, provenance } from "./bill-of-materials.ts";
import {
  debianLibraries,
  type DebianOptions,
  type LockedDebianPackage,
} from "./debian-libraries.ts";
import { type Layer, type LayerEntry, packLayer } from "./layer.ts";
import { nodeBinary } from "./node-binary.ts";
import { type ImageIndex, imageIndex, layoutFiles, type PlatformImage } from "./oci-index.ts";
import type { Platform } from "./platform.ts";
import { type ImageName, nodePath, programFiles } from "./programs.ts";

export interface ImageOptions {
  readonly name: ImageName;
  /** Also what the programs say of themselves. */
  readonly version: string;
  readonly platforms: readonly Platform[];
  readonly locked: readonly LockedDebianPackage[];
  readonly base: DebianOptions["base"];
}

export interface FinishedImage {
  readonly index: ImageIndex;
  /** Of each platform. */
  readonly materials: readonly Materials[];
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const cache = join(root, ".cache/image");

const titles: Readonly<Record<ImageName, string>> = {
  operator: "Whorl operator",
  agent: "Whorl node agent",
};

/** Builds an image for platforms. No container engine is needed. */
export async function buildImage(options: ImageOptions): Promise<FinishedImage> {
  const { name, version } = options;
  const program = await programFiles(name, version);
  const labels = {
    "org.opencontainers.image.title": titles[name],
    "org.opencontainers.image.version": version,
    "org.opencontainers.image.licenses": "Apache-2.0",
  };
  const images: PlatformImage[] = [];
  const parts: Omit<Materials, "digest">[] = [];
  for (const platform of options.platforms) {
    const { architecture, nodePackage } = platform;
    const debian = await debianLibraries({ ...options, platform, cache: join(cache, "debian") });
    const node = nodeBinary(platform, join(cache, "node"));
    const nodeEntries: readonly LayerEntry[] = [
      { path: nodePath, content: node.bytes, mode: 0o755 },
      { path: "/usr/share/doc/node/LICENSE", content: node.licence },
    ];
    const layers: Layer[] = [];
    for (const entries of [
      [...systemFiles, ...debian.entries],
      nodeEntries,
      program.entries(node),
    ]) {
      layers.push(await packLayer(entries, join(cache, "layers")));
    }
    images.push({ architecture, layers, settings: { ...program.settings, labels } });
    parts.push({
      image: `whorl-${name}`,
      version,
      architecture,
      debian: debian.packages,
      node: { package: nodePackage, version: node.version, integrity: node.integrity },
      npm: program.packages,
      commit: commit(),
    });
  }
  const index = imageIndex(images);
  const materials = parts.map((part) => {
    return { ...part, digest: index.platforms[part.architecture] ?? "" };
  });
  return { index, materials };
}

/** Writes an OCI layout, and beside it for each platform what the image is made of, and how. */
export function writeImage(folder: string, name: ImageName, image: FinishedImage): void {
  const [first] = image.materials;
  const tag = first?.version ?? "";
  const layout = join(folder, name);
  rmSync(layout, { recursive: true, force: true });
  for (const [path, bytes] of layoutFiles(image.index, { tag, name: `whorl/${name}:${tag}` })) {
    write(join(layout, path), bytes);
  }
  for (const materials of image.materials) {
    const base = join(folder, `${name}-${materials.architecture}`);
    write(`${base}.spdx.json`, billOfMaterials(materials));
    write(`${base}.provenance.json`, provenance(materials));
  }
}

function write(path: string, content: Uint8Array | string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** Programs ask for the name of their user; nothing else of a system is needed. */
const systemFiles: readonly LayerEntry[] = [
  { path: "/etc/passwd", content: "root:x:0:0:root:/:/none\nwhorl:x:65532:65532:whorl:/:/none\n" },
  { path: "/etc/group", content: "root:x:0:\nwhorl:x:65532:\n" },
  { path: "/etc/nsswitch.conf", content: "hosts: files dns\n" },
];

function commit(): string | undefined {
  const { status, stdout } = spawnSync("git", ["rev-parse", "HEAD"], {
    cwd: root,
    encoding: "utf8",
  });
  return status === 0 ? stdout.trim() : undefined;
}

/** Version of this project. */
export function projectVersion(): string {
  const text = readFileSync(join(root, "package.json"), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
