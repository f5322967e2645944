import { parseQuantity } from "../api/quantity.ts";
import type { Manifest } from "../desired/manifest.ts";
import type { KubeObject } from "../kube/object.ts";
import { appliedFields } from "./compact.ts";
import type { FieldSet } from "./compact.ts";

/**
 * Whether applying `desired` would change `live`: a value differs, we own a field that is no longer
 * desired, or we have never applied it. Decided without a request, so that a resync costs none.
 * Fields of others (a status, defaults, replicas of an autoscaler) count for nothing.
 */
export function differs(desired: Manifest, live: KubeObject | undefined): boolean {
  if (live === undefined) return true;
  const applied = appliedFields(live);
  if (applied === undefined) return true;
  // Items of a list do not repeat their type.
  const { apiVersion: _, kind: __, ...content } = desired;
  return !contains(live, content, "") || ownsMore(applied, desired, live);
}

/** Whether everything in `desired` is in `live`. Empty and absent are the same. */
function contains(live: unknown, desired: unknown, field: string): boolean {
  if (Array.isArray(desired)) return containsList(live, desired, field);
  if (isRecord(desired)) {
    if (Object.keys(desired).length === 0) return live === undefined || isRecord(live);
    if (!isRecord(live)) return isBlank(desired) && live === undefined;
    return Object.entries(desired).every(
      ([name, value]) => value === undefined || contains(live[name], value, fieldOf(field, name)),
    );
  }
  if (live === desired) return true;
  return isQuantityField(field) && sameQuantity(live, desired);
}

/**
 * Lists of objects are compared place by place: the API server keeps the applied order. A list that
 * others may add to (environment of an injector) is searched instead.
 */
function containsList(live: unknown, desired: readonly unknown[], field: string): boolean {
  if (!Array.isArray(live)) return desired.length === 0 && live === undefined;
  const items = live as readonly unknown[];
  if (items.length === desired.length) {
    return desired.every((item, index) => contains(items[index], item, field));
  }
  if (items.length < desired.length || !desired.every(isRecord)) return false;
  return desired.every((item) => items.some((candidate) => contains(candidate, item, field)));
}

/** The names that decide how a value compares: the two last ones of its path. */
function fieldOf(parent: string, name: string): string {
  return `${parent.slice(parent.lastIndexOf(".") + 1)}.${name}`;
}

function isQuantityField(field: string): boolean {
  const [parent = "", name = ""] = field.split(".");
  if (name === "sizeLimit" || name === "divisor") return true;
  return parent === "limits" || parent === "requests";
}

function sameQuantity(live: unknown, desired: unknown): boolean {
  const isText = (value: unknown): value is string | number =>
    typeof value === "string" || typeof value === "number";
  if (!isText(live) || !isText(desired)) return false;
  const left = parseQuantity(live);
  return left !== undefined && left === parseQuantity(desired);
}

/** Whether we own a field of `live` that has a value there and is no longer desired. */
function ownsMore(fields: FieldSet, desired: unknown, live: unknown): boolean {
  return Object.entries(fields).some(([key, below]) => {
    if (key === "." || key.startsWith("v:")) return false;
    const liveValue = step(live, key);
    if (isBlank(liveValue)) return false;
    const wanted = step(desired, key);
    if (wanted === undefined) return !isZero(liveValue);
    return ownsMore(below, wanted, liveValue);
  });
}

/** One step down: `f:name` into an object, `k:{"name":"x"}` to the item of a list with these keys. */
function step(value: unknown, key: string): unknown {
  if (key.startsWith("f:")) return isRecord(value) ? value[key.slice(2)] : undefined;
  if (!key.startsWith("k:") || !Array.isArray(value)) return undefined;
  const keys = JSON.parse(key.slice(2)) as Readonly<Record<string, unknown>>;
  return (value as readonly unknown[]).find(
    (item) =>
      isRecord(item) &&
      Object.entries(keys).every(([name, wanted]) => (item[name] ?? keyDefaults[name]) === wanted),
  );
}

/** Keys of list items that have a default. */
const keyDefaults: Readonly<Record<string, unknown>> = { protocol: "TCP" };

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Nothing, or only nothings: `{}`, `{limits: undefined}`, `[]`. */
function isBlank(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isRecord(value) && Object.values(value).every(isBlank);
}

/** Go's encoder writes zero values that mean nothing: "", 0 and false are no reason to apply. */
function isZero(value: unknown): boolean {
  return value === "" || value === 0 || value === false;
}
