import { chownSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { RootfsMount } from "./app-in-rootfs.ts";

/**
 * Makes the folder in which an app keeps what has no place of its own, as long as its container:
 * in the container's writable layer, else in its bundle.
 */
export function stateFolder(
  { rootfs, bundle }: { readonly rootfs: readonly RootfsMount[]; readonly bundle: string },
  id: number,
): string {
  const folder = join(writableLayer(rootfs) ?? bundle, ".spin");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chownSync(folder, id, id);
  return folder;
}

/** Folder of the node that takes what is written to a container's root; undefined for none. */
export function writableLayer(rootfs: readonly RootfsMount[]): string | undefined {
  for (const { type, source, options } of rootfs) {
    const upper = options.find((option) => option.startsWith("upperdir="));
    if (type === "overlay" && upper !== undefined) return upper.slice("upperdir=".length);
    const isBind = options.some((option) => option === "bind" || option === "rbind");
    if (isBind && !options.includes("ro") && source !== "") return source;
  }
  return undefined;
}
