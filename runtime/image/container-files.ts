import { posix } from "node:path";
import { WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import type { BlobName } from "./content-store.ts";
import { FileTree } from "./file-tree.ts";
import { fullBudget, readArchive, safePath } from "./read-archive.ts";
import type { ArchiveBudget, ArchiveEntry } from "./read-archive.ts";
import type { StoredImage } from "./image.ts";
import type { Descriptor } from "./manifest.ts";
import { layerCompression } from "./media-types.ts";

type Node =
  | { readonly kind: "file"; readonly blob: BlobName }
  /** Relative to the directory it is in, or absolute. */
  | { readonly kind: "symlink"; readonly target: string };

/**
 * The files of a container image, its layers on top of each other, contents in the store. Links
 * are resolved inside the image; one to a directory or to nothing is left out.
 * @throws WhorlError `image` for broken or dangerous layers, `limit`.
 */
export async function readContainerFiles(image: StoredImage): Promise<Map<string, BlobName>> {
  const nodes = new FileTree<Node>();
  const budget = fullBudget();
  for (const layer of image.manifest.layers) await applyLayer(nodes, layer, { image, budget });
  const files = new Map<string, BlobName>();
  for (const [path] of nodes.files()) {
    const blob = resolveFile(nodes, path);
    if (blob !== undefined) files.set(path, blob);
  }
  return files;
}

interface LayerContext {
  readonly image: StoredImage;
  readonly budget: ArchiveBudget;
}

async function applyLayer(
  nodes: FileTree<Node>,
  layer: Descriptor,
  { image, budget }: LayerContext,
): Promise<void> {
  const { store, name: imageName } = image;
  const name = `${imageName}: layer ${layer.digest}`;
  const compression = layerCompression(layer.mediaType);
  if (compression === undefined) {
    throw new WhorlError("image", `${name} has the unknown media type ${layer.mediaType}`);
  }
  const path = store.pathOf(layer.digest);
  // Whiteouts hide what lower layers have, never what their own layer brings.
  const added = new Map<string, Node>();
  for await (const entry of readArchive({ path, name, compression, budget })) {
    const base = posix.basename(entry.path);
    if (base.startsWith(".wh.")) {
      hide(nodes, entry.path, base);
    } else if (entry.kind === "file") {
      const blob = await store.ingest(entry.body, limits.unpackedBytesMax);
      added.set(entry.path, { kind: "file", blob });
    } else {
      addLink(added, nodes, { entry, name });
    }
  }
  for (const [path, node] of added) nodes.set(path, node);
}

function hide(nodes: FileTree<Node>, path: string, base: string): void {
  const directory = posix.dirname(path);
  const folder = directory === "." ? "" : directory;
  if (base === ".wh..wh..opq") nodes.remove(folder);
  else nodes.remove(posix.join(folder, base.slice(".wh.".length)));
}

function addLink(
  added: Map<string, Node>,
  nodes: FileTree<Node>,
  { entry, name }: { readonly entry: ArchiveEntry; readonly name: string },
): void {
  if (entry.kind === "symlink") {
    added.set(entry.path, { kind: "symlink", target: entry.target });
  } else if (entry.kind === "hardlink") {
    const target = added.get(entry.target) ?? nodes.get(entry.target);
    if (target === undefined) {
      throw new WhorlError(
        "image",
        `${name}: ${entry.path} is a link to ${entry.target}, which is not there`,
      );
    }
    added.set(entry.path, target);
  }
}

/** Follows links of the image; one that leads out of it leads nowhere. */
function resolveFile(nodes: FileTree<Node>, path: string): BlobName | undefined {
  let current = path;
  for (let links = 0; links <= limits.symlinksMax; links++) {
    const node = nodes.get(current);
    if (node?.kind !== "symlink") return node?.blob;
    const target = posix.resolve("/", posix.dirname(current), node.target);
    current = safePath(target, path);
  }
  return undefined;
}
