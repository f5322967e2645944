import { mkdirSync } from "node:fs";
import { type Kernel, mountFlags } from "../host/kernel.ts";

/** An app in the file system of an ordinary image. */
export interface AppInLayers {
  /** Manifest or component, absolute in that file system. */
  readonly path: string;
  /** Folders of the node, topmost first. */
  readonly layers: readonly string[];
}

/** Shows layers as one file system, which nothing is written to. */
export function mountLayers(layers: readonly string[], target: string, kernel: Kernel): void {
  mkdirSync(target, { recursive: true });
  const flags = mountFlags.readOnly | mountFlags.noSuid | mountFlags.noDev | mountFlags.noExec;
  const [only = "", ...others] = layers;
  if (others.length > 0) {
    const data = `lowerdir=${layers.join(":")}`;
    kernel.mount({ source: "overlay", target, type: "overlay", flags, data });
    return;
  }
  kernel.mount({ source: only, target, type: "", flags: mountFlags.bind, data: "" });
  const remount = flags | mountFlags.remount | mountFlags.bind;
  kernel.mount({ source: "none", target, type: "", flags: remount, data: "" });
}
