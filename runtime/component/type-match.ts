import type { CoreExternType, CoreLimits } from "./core-types.ts";
import type { FuncEntity, TypeEntity } from "./entities.ts";
import type { LinkContext } from "./link-context.ts";
import type { CoreFuncType, NamedType, ValueType } from "./types.ts";

/** Whether two value types are the same, resources compared by identity. */
function isSameValueType(
  context: LinkContext,
  a: ValueType | undefined,
  b: ValueType | undefined,
): boolean {
  if (a === b) return true;
  context.step();
  if (a === undefined || b === undefined || a.kind !== b.kind) return false;
  const same = (left: ValueType | undefined, right: ValueType | undefined): boolean =>
    isSameValueType(context, left, right);
  switch (a.kind) {
    case "list":
      return b.kind === "list" && a.length === b.length && same(a.element, b.element);
    case "record":
      return b.kind === "record" && isSameNamed(context, a.fields, b.fields);
    case "variant":
      return b.kind === "variant" && isSameNamed(context, a.cases, b.cases);
    case "tuple":
      return (
        b.kind === "tuple" &&
        a.items.length === b.items.length &&
        a.items.every((item, index) => same(item, b.items[index]))
      );
    case "flags":
    case "enum":
      return b.kind === a.kind && isSameList(a.names, b.names);
    case "option":
      return b.kind === "option" && same(a.some, b.some);
    case "result":
      return b.kind === "result" && same(a.ok, b.ok) && same(a.err, b.err);
    case "own":
    case "borrow":
      return b.kind === a.kind && a.resource === b.resource && a.opaque === b.opaque;
    case "stream":
    case "future":
      return b.kind === a.kind && same(a.element, b.element);
    default:
      return true;
  }
}

interface MaybeTyped {
  readonly name: string;
  readonly type: ValueType | undefined;
}

function isSameNamed(
  context: LinkContext,
  a: readonly MaybeTyped[],
  b: readonly MaybeTyped[],
): boolean {
  if (a.length !== b.length) return false;
  return a.every(({ name, type }, index) => {
    const other = b[index];
    return other?.name === name && isSameValueType(context, type, other.type);
  });
}

function isSameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** Whether two function types are the same: parameters by name and type, result, async. */
export function isSameFuncType(context: LinkContext, a: FuncEntity, b: FuncEntity): boolean {
  if (a === b) return true;
  const params: readonly NamedType[] = a.type.params;
  return (
    a.type.async === b.type.async &&
    isSameNamed(context, params, b.type.params) &&
    isSameValueType(context, a.type.result, b.type.result)
  );
}

/** Whether two types are the same. Component and instance types only equal themselves. */
export function isSameType(context: LinkContext, a: TypeEntity, b: TypeEntity): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  switch (a.kind) {
    case "value":
      return b.kind === "value" && isSameValueType(context, a.type, b.type);
    case "func":
      return b.kind === "func" && isSameFuncType(context, a, b);
    case "resource":
      return b.kind === "resource" && a.resource === b.resource && a.opaque === b.opaque;
    default:
      // Their uses are compared export by export; the bare type has no identity to lose.
      return true;
  }
}

/** Whether two core function types are the same. */
export function isSameCoreFuncType(a: CoreFuncType, b: CoreFuncType): boolean {
  return a === b || (isSameList(a.params, b.params) && isSameList(a.results, b.results));
}

/** Whether a core item can stand where `wanted` is imported (core specification, "Matching"). */
export function matchesCoreType(given: CoreExternType, wanted: CoreExternType): boolean {
  switch (wanted.kind) {
    case "func":
    case "tag":
      return given.kind === wanted.kind && isSameCoreFuncType(given.type, wanted.type);
    case "table":
      return (
        given.kind === "table" &&
        given.element === wanted.element &&
        matchesLimits(given.limits, wanted.limits)
      );
    case "memory":
      return given.kind === "memory" && matchesLimits(given.limits, wanted.limits);
    case "global":
      // An immutable global of a reference type may hold a subtype: that is left to the engine.
      return (
        given.kind === "global" &&
        given.mutable === wanted.mutable &&
        (given.value === wanted.value || (!wanted.mutable && given.value.startsWith("ref")))
      );
  }
}

function matchesLimits(given: CoreLimits, wanted: CoreLimits): boolean {
  if (given.shared !== wanted.shared || given.wide !== wanted.wide) return false;
  if (given.min < wanted.min) return false;
  return wanted.max === undefined || (given.max !== undefined && given.max <= wanted.max);
}

/** A core function type as text, for messages. */
export function coreFuncText({ params, results }: CoreFuncType): string {
  return `(${params.join(" ")}) -> (${results.join(" ")})`;
}
