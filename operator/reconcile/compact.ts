import { createHash } from "node:crypto";
import { appNameLabel, fieldManager } from "../api/names.ts";
import { limits } from "../limits.ts";
import type { KubeObject } from "../kube/object.ts";
import { stripForCache, stripToMetadata } from "../kube/strip.ts";
import type { ObservedPod } from "../status/observed.ts";
import type { DataObject } from "./resources.ts";

/**
 * What the caches keep of an object: as little as the decisions need, since a cluster has far more
 * Deployments, Secrets and pods than apps.
 */

/** Whole with our own field set, if it is a child of an app; otherwise that it exists and whose. */
export function compactChild<T extends KubeObject>(object: T): T {
  if (object.metadata.labels?.[appNameLabel] === undefined) return stripToMetadata(object);
  const { managedFields = [] } = object.metadata;
  const kept = managedFields.filter(isOurApply).map(packed);
  const stripped = stripForCache(object);
  return { ...stripped, metadata: { ...stripped.metadata, managedFields: kept } };
}

interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  /** A tree as the API server sends it, or as text once it is packed. */
  readonly fieldsV1?: FieldSet | string;
}

/** FieldsV1: keys `f:name`, `k:{...}`, `v:...`, `i:n` and `.` for the node itself. */
export interface FieldSet {
  readonly [key: string]: FieldSet;
}

/** The tree of fields as text: it is read once for each look, and as objects it is the largest part. */
function packed(entry: unknown): ManagedFieldsEntry {
  const { manager = "", operation = "", fieldsV1 } = entry as ManagedFieldsEntry;
  const fields = typeof fieldsV1 === "string" ? fieldsV1 : JSON.stringify(fieldsV1 ?? {});
  return { manager, operation, fieldsV1: fields };
}

function isOurApply(entry: unknown): boolean {
  const { manager, operation, subresource } = entry as ManagedFieldsEntry;
  return manager === fieldManager && operation === "Apply" && (subresource ?? "") === "";
}

/** The fields that we have applied; undefined where the object has never been applied by us. */
export function appliedFields(object: KubeObject): FieldSet | undefined {
  const entry = object.metadata.managedFields?.find(isOurApply) as ManagedFieldsEntry | undefined;
  const fields = entry?.fieldsV1;
  return typeof fields === "string" ? (JSON.parse(fields) as FieldSet) : fields;
}

/** The app itself, without what nobody reads here. */
export function compactApp<T extends KubeObject>(object: T): T {
  return stripForCache(object);
}

/** Values, but of long ones only a digest: none that we write into a configuration is so long. */
export function compactData(object: DataObject): DataObject {
  const { apiVersion, kind, metadata, type, data = {} } = stripForCache(object);
  const short = Object.entries(data).map(([key, value]) => [key, shortened(value)]);
  return {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
    ...(type === undefined ? {} : { type }),
    metadata,
    data: Object.fromEntries(short) as Record<string, string>,
  };
}

/** Marks a value that was too long to keep; neither base64 nor likely text. */
const digestMark = "\u0000sha256:";

function shortened(value: string): string {
  if (value.length <= limits.cachedValueCharactersMax) return value;
  return digestOf(value);
}

/** The digest that stands for a long value. */
export function digestOf(value: string): string {
  return digestMark + createHash("sha256").update(value).digest("hex");
}

/** Whether only the digest of a value is known. */
export function isDigest(value: string): boolean {
  return value.startsWith(digestMark);
}

/** Name, owner, where it is, and how its containers are. */
export function compactPod(pod: ObservedPod): ObservedPod {
  const { apiVersion, kind } = pod;
  const { name, namespace, uid, resourceVersion, labels, creationTimestamp, deletionTimestamp } =
    pod.metadata;
  const { phase, reason, message, conditions, initContainerStatuses, containerStatuses } =
    pod.status ?? {};
  const metadata = {
    name,
    namespace,
    uid,
    resourceVersion,
    labels,
    creationTimestamp,
    deletionTimestamp,
  };
  const scheduled = conditions?.filter(({ type }) => type === "PodScheduled");
  const status = {
    phase,
    reason,
    message,
    conditions: scheduled,
    initContainerStatuses,
    containerStatuses,
  };
  const { nodeName } = pod.spec ?? {};
  const spec = nodeName === undefined ? undefined : { nodeName };
  return defined({ apiVersion, kind, metadata: defined(metadata), spec, status: defined(status) });
}

/** Without the fields that are undefined; the rest keeps its type. */
function defined<T>(fields: { readonly [K in keyof T]: T[K] | undefined }): T {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as T;
}
