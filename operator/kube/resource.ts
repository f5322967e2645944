import { OperatorError } from "../error.ts";
import type { KubeObject, ObjectKey } from "./object.ts";

/** A kind of object and where the API server serves it. `T` is the type of its objects. */
export interface ResourceType<T extends KubeObject = KubeObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Lower-case plural, as in URLs. */
  readonly plural: string;
  readonly namespaced: boolean;
  /** Never present; ties the type of the objects to the value. */
  readonly object?: T;
}

/** Describes a resource whose objects have the type `T`. */
export function resourceType<T extends KubeObject>(type: {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced?: boolean;
}): ResourceType<T> {
  const slash = type.apiVersion.indexOf("/");
  return {
    group: slash < 0 ? "" : type.apiVersion.slice(0, slash),
    version: type.apiVersion.slice(slash + 1),
    kind: type.kind,
    plural: type.plural,
    namespaced: type.namespaced ?? true,
  };
}

/** `apiVersion` of the objects: `v1`, `apps/v1`. */
export function apiVersionOf({ group, version }: ResourceType): string {
  return group === "" ? version : `${group}/${version}`;
}

/** `deployments.apps`, as people write it. */
export function resourceName({ group, plural }: ResourceType): string {
  return group === "" ? plural : `${plural}.${group}`;
}

/** Path of all objects, or of those of one namespace. */
export function collectionPath(type: ResourceType, namespace?: string): string {
  const { group, version, plural } = type;
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  if (namespace === undefined || namespace === "") return `${root}/${plural}`;
  return `${root}/namespaces/${pathPart(namespace)}/${plural}`;
}

/** Path of one object. Throws `invalid` where a namespace is missing or too many. */
export function objectPath(type: ResourceType, key: ObjectKey, subresource?: string): string {
  const hasNamespace = key.namespace !== undefined && key.namespace !== "";
  if (hasNamespace !== type.namespaced) {
    const need = type.namespaced ? "needs a namespace" : "has no namespace";
    throw new OperatorError("invalid", `${type.kind} ${key.name} ${need}`);
  }
  if (key.name === "") throw new OperatorError("invalid", `${type.kind} without a name`);
  const path = `${collectionPath(type, key.namespace)}/${pathPart(key.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** A name as one segment of a URL: `..` and `/` must not reach another object. */
function pathPart(name: string): string {
  if (name === "." || name === ".." || name.includes("/")) {
    throw new OperatorError("invalid", `"${name}" cannot be the name of an object`);
  }
  return encodeURIComponent(name);
}
