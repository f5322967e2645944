import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildShim } from "../../shim/build-shim.ts";
import { formatInstallList, installLayout } from "../../shim/install-layout.ts";
import { type LayerEntry, packLayer, sha256 } from "../image/layer.ts";
import { nodeBinary } from "../image/node-binary.ts";
import type { Platform } from "../image/platform.ts";

/** What runtime-class-manager calls the processors. */
export const archNames = { amd64: "x86_64", arm64: "aarch64" } as const;

/** An archive as runtime-class-manager's Shim resource names it. */
export interface ShimArchive {
  readonly platform: Platform;
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Of the archive, hexadecimal. */
  readonly sha256: string;
}

/** Names that a Shim resource may have with this archive: each is a file in it. */
export const shimNames = ["whorl-v1", "spin-v2"] as const;

const script = fileURLToPath(new URL("unpack.sh", import.meta.url));

/** Archives with the whole runtime as one executable file. The same sources give the same bytes. */
export async function buildShimArchives(
  platforms: readonly Platform[],
  cache: string,
): Promise<readonly ShimArchive[]> {
  const folder = mkdtempSync(join(tmpdir(), "whorl-shim-archive-"));
  try {
    const files = await buildShim(folder);
    const archives: ShimArchive[] = [];
    for (const platform of platforms) {
      const node = nodeBinary(platform, join(cache, "node")).bytes;
      const ofNode = { bytes: node.length, sha256: hexOf(sha256(node)) };
      const list = files.map((file) =>
        file.path === installLayout.node ? { ...file, ...ofNode } : file,
      );
      const entries: LayerEntry[] = list.map(({ path, mode }) => {
        const content = path === installLayout.node ? node : readFileSync(join(folder, path));
        return { path, content, mode };
      });
      entries.push({ path: installLayout.list, content: formatInstallList(list) });
      archives.push(await archiveOf(platform, await packLayer(entries, cache), cache));
    }
    return archives;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function archiveOf(
  platform: Platform,
  tree: { readonly bytes: Uint8Array; readonly digest: string },
  cache: string,
): Promise<ShimArchive> {
  const [first, ...others] = shimNames.map((name) => `containerd-shim-${name}`);
  const entries: LayerEntry[] = [
    { path: first ?? "", content: selfExtracting(tree), mode: 0o755 },
    ...others.map((path) => ({ path, linkTo: first ?? "" })),
  ];
  const { bytes, digest } = await packLayer(entries, cache);
  const name = `containerd-shim-whorl-linux-${archNames[platform.architecture]}.tar.gz`;
  return { platform, name, bytes, sha256: hexOf(digest) };
}

/** The script with the tree behind it; the offset is written so that its length is always the same. */
function selfExtracting({ bytes, digest }: { bytes: Uint8Array; digest: string }): Buffer {
  const text = readFileSync(script, "utf8").replace("@DIGEST@", hexOf(digest).slice(0, 32));
  const placeholder = "@OFFSET@";
  const offset = String(Buffer.byteLength(text) + 1).padStart(placeholder.length, "0");
  return Buffer.concat([Buffer.from(text.replace(placeholder, offset)), bytes]);
}

function hexOf(digest: string): string {
  return digest.slice("sha256:".length);
}

/**
 * A Shim resource (runtime.spinkube.dev/v1alpha1) that lets runtime-class-manager install the
 * archives; `location` is the URL of the folder that they are served from.
 */
export function shimResource(
  archives: readonly ShimArchive[],
  { location, name }: { readonly location: string; readonly name: (typeof shimNames)[number] },
): object {
  return {
    apiVersion: "runtime.spinkube.dev/v1alpha1",
    kind: "Shim",
    metadata: { name },
    spec: {
      nodeSelector: { "kubernetes.io/os": "linux" },
      fetchStrategy: {
        platforms: archives.map(({ platform, name: file, sha256: digest }) => ({
          os: "linux",
          arch: archNames[platform.architecture],
          location: `${location.replace(/\/+$/, "")}/${file}`,
          sha256: digest,
        })),
      },
      // What existing SpinAppExecutors name.
      runtimeClass: { name: name === "spin-v2" ? "wasmtime-spin-v2" : "whorl", handler: name },
      rolloutStrategy: { type: "recreate" },
    },
  };
}
