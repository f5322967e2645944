import { lstatSync } from "node:fs";
import type { AppInLayers } from "../preparer/app-in-layers.ts";

/**
 * Which image an app in layers belongs to, so that containerd need not be asked again for each of
 * its containers.
 */
export class KnownLayers {
  readonly #max: number;
  readonly #images = new Map<string, string>();

  /** `max`: so many are remembered, the latest ones. */
  constructor(max: number) {
    this.#max = max;
  }

  find(app: AppInLayers): string | undefined {
    const key = keyOf(app);
    return key === undefined ? undefined : this.#images.get(key);
  }

  add(app: AppInLayers, image: string): void {
    const key = keyOf(app);
    if (key === undefined) return;
    const [oldest] = this.#images.keys();
    if (oldest !== undefined && this.#images.size >= this.#max) this.#images.delete(oldest);
    this.#images.set(key, image);
  }
}

/** The topmost layer is the container's own; a path may be that of another layer some day. */
function keyOf({ path, layers }: AppInLayers): string | undefined {
  const [, ...below] = layers;
  if (below.length === 0) return undefined;
  const known = below.map((layer) => {
    const found = lstatSync(layer, { throwIfNoEntry: false, bigint: true });
    return found === undefined ? undefined : `${layer} ${found.ino} ${found.ctimeNs}`;
  });
  return known.includes(undefined) ? undefined : [path, ...known].join("\n");
}
