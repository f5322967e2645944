import type { CoreValueType, FuncType, ValueType } from "../component/types.ts";
import { WhorlError } from "../error.ts";
import { limits } from "../limits.ts";

/** Where a type's values stand in linear memory (CanonicalABI.md, "Alignment", "Element Size"). */
export interface Layout {
  /** Bytes, a multiple of `align`. */
  readonly size: number;
  readonly align: number;
}

/** CanonicalABI.md: MAX_FLAT_PARAMS and MAX_FLAT_RESULTS. */
export const flatParamsMax = 16;
/** MAX_FLAT_ASYNC_PARAMS. */
export const flatAsyncParamsMax = 4;
export const flatResultsMax = 1;

const scalarBytes: Readonly<Record<string, number>> = {
  bool: 1,
  u8: 1,
  s8: 1,
  u16: 2,
  s16: 2,
  u32: 4,
  s32: 4,
  f32: 4,
  char: 4,
  u64: 8,
  s64: 8,
  f64: 8,
  own: 4,
  borrow: 4,
  stream: 4,
  future: 4,
  "error-context": 4,
};

export function alignTo(offset: number, align: number): number {
  return Math.ceil(offset / align) * align;
}

/** Types are graphs: without remembering, shared parts would be computed once per path. */
const layouts = new WeakMap<ValueType, Layout>();

/** Size and alignment of a type. Throws `limit` for sizes beyond `typeSizeBytesMax`. */
export function layoutOf(type: ValueType): Layout {
  const known = layouts.get(type);
  if (known !== undefined) return known;
  const layout = computeLayout(type);
  layouts.set(type, layout);
  if (layout.size > limits.typeSizeBytesMax) {
    throw new WhorlError(
      "limit",
      `a value of a ${type.kind} type takes ${layout.size} bytes, more than the limit of ${limits.typeSizeBytesMax}`,
    );
  }
  return layout;
}

function computeLayout(type: ValueType): Layout {
  switch (type.kind) {
    case "string":
      return { size: 8, align: 4 };
    case "list":
      if (type.length === undefined) return { size: 8, align: 4 };
      return repeated(layoutOf(type.element), type.length);
    case "record":
      return sequence(type.fields.map((field) => field.type));
    case "tuple":
      return sequence(type.items);
    case "flags":
      return flagsLayout(type.names.length);
    case "enum":
    case "variant":
    case "option":
    case "result":
      return variantLayout(caseTypes(type));
    default: {
      const bytes = scalarBytes[type.kind] ?? 4;
      return { size: bytes, align: bytes };
    }
  }
}

function repeated(element: Layout, length: number): Layout {
  return { size: element.size * length, align: element.align };
}

function sequence(types: readonly ValueType[]): Layout {
  let size = 0;
  let align = 1;
  for (const type of types) {
    const item = layoutOf(type);
    size = alignTo(size, item.align) + item.size;
    align = Math.max(align, item.align);
  }
  return { size: alignTo(size, align), align };
}

function flagsLayout(count: number): Layout {
  if (count <= 8) return { size: 1, align: 1 };
  if (count <= 16) return { size: 2, align: 2 };
  return { size: 4 * Math.ceil(count / 32), align: 4 };
}

function variantLayout(cases: readonly (ValueType | undefined)[]): Layout {
  let align: number = discriminantBytes(cases.length);
  let payload = 0;
  for (const type of cases) {
    if (type === undefined) continue;
    const item = layoutOf(type);
    align = Math.max(align, item.align);
    payload = Math.max(payload, item.size);
  }
  const offset = payloadOffset(cases);
  return { size: alignTo(offset + payload, align), align };
}

/** Bytes of a variant's discriminant: the smallest of 1, 2, 4 that can tell the cases apart. */
export function discriminantBytes(caseCount: number): 1 | 2 | 4 {
  if (caseCount <= 0x100) return 1;
  return caseCount <= 0x1_0000 ? 2 : 4;
}

/** Offset of a variant's payload from its start. */
export function payloadOffset(cases: readonly (ValueType | undefined)[]): number {
  let align = 1;
  for (const type of cases) if (type !== undefined) align = Math.max(align, layoutOf(type).align);
  return alignTo(discriminantBytes(cases.length), align);
}

/** Payload types of everything that is a variant underneath (CanonicalABI.md, `despecialize`). */
export function caseTypes(type: ValueType): readonly (ValueType | undefined)[] {
  switch (type.kind) {
    case "variant":
      return type.cases.map((item) => item.type);
    case "enum":
      return type.names.map(() => undefined);
    case "option":
      return [undefined, type.some];
    case "result":
      return [type.ok, type.err];
    default:
      throw new WhorlError("invalid", `${type.kind} is not a variant type`);
  }
}

/** More flat values than any function can have: where flattening stops. */
const flatCountMax = flatParamsMax + 1;

/**
 * Core values that a value becomes when passed without memory (CanonicalABI.md, "Flattening").
 * Ends after flatParamsMax + 1 of them: such a value goes through memory anyway.
 */
export function flatten(type: ValueType): CoreValueType[] {
  switch (type.kind) {
    case "s64":
    case "u64":
      return ["i64"];
    case "f32":
    case "f64":
      return [type.kind];
    case "string":
      return ["i32", "i32"];
    case "list":
      if (type.length === undefined) return ["i32", "i32"];
      return flattenAll(
        Array.from({ length: Math.min(type.length, flatCountMax) }, () => type.element),
      );
    case "record":
      return flattenAll(type.fields.map((field) => field.type));
    case "tuple":
      return flattenAll(type.items);
    case "flags":
      return Array.from({ length: Math.ceil(type.names.length / 32) }, () => "i32" as const);
    case "enum":
    case "variant":
    case "option":
    case "result":
      return flattenVariant(caseTypes(type));
    default:
      return ["i32"];
  }
}

/** Flattens one after the other, up to flatParamsMax + 1 values. */
function flattenAll(types: readonly ValueType[]): CoreValueType[] {
  const flat: CoreValueType[] = [];
  for (const type of types) {
    flat.push(...flatten(type));
    if (flat.length >= flatCountMax) return flat.slice(0, flatCountMax);
  }
  return flat;
}

function flattenVariant(cases: readonly (ValueType | undefined)[]): CoreValueType[] {
  const joined: CoreValueType[] = [];
  for (const type of cases) {
    if (type === undefined) continue;
    for (const [index, core] of flatten(type).entries()) {
      const before = joined[index];
      joined[index] = before === undefined ? core : join(before, core);
    }
  }
  const flat: CoreValueType[] = ["i32", ...joined];
  return flat.slice(0, flatCountMax);
}

function join(a: CoreValueType, b: CoreValueType): CoreValueType {
  if (a === b) return a;
  if ((a === "i32" && b === "f32") || (a === "f32" && b === "i32")) return "i32";
  return "i64";
}

/** How a function of this type looks at core level. */
export interface FlatFunction {
  readonly params: readonly CoreValueType[];
  /** Parameters are one pointer to a tuple in memory. */
  readonly paramsSpilled: boolean;
  readonly results: readonly CoreValueType[];
  /** The result is in memory. */
  readonly resultSpilled: boolean;
}

/**
 * CanonicalABI.md, `flatten_functype`. A spilled result is a further parameter when lowered. The
 * results of an async lift are those of its first call: the real one goes through task.return.
 */
export function flattenFunction(
  type: FuncType,
  direction: "lift" | "lower",
  form: "sync" | "async" | "callback" = "sync",
): FlatFunction {
  const flat = flattenAll(type.params.map((param) => param.type));
  const isAsyncLower = form !== "sync" && direction === "lower";
  const paramsSpilled = flat.length > (isAsyncLower ? flatAsyncParamsMax : flatParamsMax);
  const params: CoreValueType[] = paramsSpilled ? ["i32"] : flat;
  if (form !== "sync" && direction === "lift") {
    const results: CoreValueType[] = form === "callback" ? ["i32"] : [];
    return { params, paramsSpilled, results, resultSpilled: false };
  }
  const results = type.result === undefined ? [] : flatten(type.result);
  const resultSpilled = results.length > (isAsyncLower ? 0 : flatResultsMax);
  if (isAsyncLower) {
    const withOut: CoreValueType[] = resultSpilled ? [...params, "i32"] : params;
    return { params: withOut, paramsSpilled, results: ["i32"], resultSpilled };
  }
  if (!resultSpilled) return { params, paramsSpilled, results, resultSpilled };
  if (direction === "lift") return { params, paramsSpilled, results: ["i32"], resultSpilled };
  return { params: [...params, "i32"], paramsSpilled, results: [], resultSpilled };
}
