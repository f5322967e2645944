import type { KubeObject } from "./object.ts";
import type { IndexFunction } from "./object-store.ts";

const none: readonly string[] = [];

/** By namespace. */
export function byNamespace(object: KubeObject): readonly string[] {
  const { namespace } = object.metadata;
  return namespace === undefined ? none : [namespace];
}

/** By the uid of each owner. */
export function byOwnerUid(object: KubeObject): readonly string[] {
  return object.metadata.ownerReferences?.map(({ uid }) => uid) ?? none;
}

/** By the value of a label. */
export function byLabel(label: string): IndexFunction<KubeObject> {
  return (object) => {
    const value = object.metadata.labels?.[label];
    return value === undefined ? none : [value];
  };
}
