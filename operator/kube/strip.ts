import type { KubeObject, ObjectMeta } from "./object.ts";

/** Written by `kubectl apply`: the whole object a second time. */
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * Takes away what no reader of a cache needs: managedFields (often half of an object) and the copy
 * that kubectl keeps in an annotation. The object was just parsed and has no other reader.
 */
export function stripForCache<T extends KubeObject>(object: T): T {
  const { managedFields: _, annotations, ...rest } = object.metadata;
  return { ...object, metadata: { ...rest, ...keptAnnotations(annotations) } };
}

/** Keeps where an object is and its version: enough to know that it exists and has changed. */
export function stripToMetadata<T extends KubeObject>(object: T): T {
  const { metadata, kind, apiVersion } = stripForCache<KubeObject>(object);
  return {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
    metadata,
  } as T;
}

function keptAnnotations(
  annotations: ObjectMeta["annotations"],
): Pick<ObjectMeta, "annotations"> | undefined {
  if (annotations === undefined) return undefined;
  if (!Object.hasOwn(annotations, lastApplied)) return { annotations };
  const { [lastApplied]: _, ...kept } = annotations;
  return { annotations: kept };
}
