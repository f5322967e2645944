import { basename } from "node:path";
import type { SeatMount } from "./seat-volumes.ts";

/** Where a shared host sees the folder of a cached image. */
export function sharedImage(folder: string): { readonly path: string; readonly mount: SeatMount } {
  const path = `/images/${basename(folder)}`;
  return {
    path,
    mount: { source: folder, target: path, isDirectory: true, isReadOnly: true },
  };
}
