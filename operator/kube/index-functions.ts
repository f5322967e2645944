import type { KubeObject } from "./object.ts";

const none: readonly string[] = [];

/** By namespace. */
export function byNamespace(object: KubeObject): readonly string[] {
  const { namespace } = object.metadata;
  return namespace === undefined ? none : [namespace];
}
