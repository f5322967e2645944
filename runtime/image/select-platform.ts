import { WhorlError } from "../error.ts";
import type { ImageIndex, IndexEntry, Platform } from "./manifest.ts";

/** What runs here anywhere, best first: WebAssembly needs no processor of its own. */
const wasmPlatforms: readonly Platform[] = [
  { os: "wasip2", architecture: "wasm" },
  { os: "wasip1", architecture: "wasm" },
  { os: "wasi", architecture: "wasm" },
];

/**
 * The manifest of an index to use: the wanted platform, else WebAssembly, else Linux on this
 * processor (an ordinary image may carry components too).
 * @param machine the processor in the registry's words: `amd64`, `arm64`.
 * @throws WhorlError `image` if the index has none of them.
 */
export function selectPlatform(
  index: ImageIndex,
  { wanted, machine }: { readonly wanted: Platform | undefined; readonly machine: string },
): IndexEntry {
  const candidates =
    wanted === undefined ? [...wasmPlatforms, { os: "linux", architecture: machine }] : [wanted];
  for (const candidate of candidates) {
    const found = index.manifests.find(({ platform }) => isSame(platform, candidate));
    if (found !== undefined) return found;
  }
  const [only] = index.manifests;
  if (
    wanted === undefined &&
    index.manifests.length === 1 &&
    only?.platform === undefined &&
    only
  ) {
    return only;
  }
  const offered = index.manifests.map(({ platform }) => formatPlatform(platform)).join(", ");
  throw new WhorlError(
    "image",
    `no manifest for ${candidates.map(formatPlatform).join(" or ")}; the index has ${offered === "" ? "none" : offered}`,
  );
}

function isSame(platform: Platform | undefined, wanted: Platform): boolean {
  if (platform === undefined) return false;
  if (platform.os.toLowerCase() !== wanted.os) return false;
  if (platform.architecture !== wanted.architecture) return false;
  return wanted.variant === undefined || platform.variant === wanted.variant;
}

/** `os/architecture/variant`. */
function formatPlatform(platform: Platform | undefined): string {
  if (platform === undefined) return "any platform";
  const { os, architecture, variant } = platform;
  return `${os}/${architecture}${variant === undefined ? "" : `/${variant}`}`;
}

/** @throws WhorlError `usage` if the text is not `os/architecture[/variant]`. */
export function parsePlatform(text: string): Platform {
  const [os, architecture, variant, ...rest] = text.split("/");
  if (!os || !architecture || variant === "" || rest.length > 0) {
    throw new WhorlError("usage", `"${text}" is no platform; write os/architecture, "linux/amd64"`);
  }
  return { os: os.toLowerCase(), architecture, ...(variant !== undefined && { variant }) };
}

/** A processor of Node (`process.arch`) in the words of registries. */
export function machineOf(processArch: string): string {
  return processArch === "x64" ? "amd64" : processArch;
}
