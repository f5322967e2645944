import type { SpinApp } from "../api/spin-app.ts";
import { apiVersion, appNameLabel } from "../api/names.ts";
import type { KubeObject, ObjectMeta, OwnerReference } from "../kube/object.ts";

/** An object as it is applied. */
export interface Manifest extends KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly [field: string]: unknown;
}

/** Objects of the same app that the operator makes carry its name. */
function appLabels(app: SpinApp): Readonly<Record<string, string>> {
  return { [appNameLabel]: app.metadata.name };
}

/** The reference that makes the app the object's controller. */
export function controllerReference(app: SpinApp): OwnerReference {
  return { ...ownerReference(app), controller: true, blockOwnerDeletion: true };
}

/** The reference by which the object is collected with the app. */
export function ownerReference(app: SpinApp): OwnerReference {
  const { name, uid = "" } = app.metadata;
  return { apiVersion, kind: "SpinApp", name, uid };
}

/** Metadata of a child. The namespace is left out where the app has none (a manifest on disk). */
export function childMeta(app: SpinApp, more: Partial<ObjectMeta> = {}): ObjectMeta {
  const { name, namespace } = app.metadata;
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: appLabels(app),
    ...more,
  };
}

/** The fields that have a value, so that absent stays absent. */
export function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Present<T>;
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
