import type { ValueType } from "../component/types.ts";
import type { StringEncoding } from "../component/plan.ts";
import { caseTypes, discriminantBytes, layoutOf, alignTo, payloadOffset } from "./layout.ts";
import { emitElementKind } from "./element-kind.ts";
import { camelCase, type Emitter, quote } from "./emitter.ts";
import { listItemBytes } from "./guest-memory.ts";

/**
 * Emits code that lifts values out of linear memory (CanonicalABI.md, `load`). Names in scope of
 * the generated code: `m` the GuestMemory, `v` its current DataView, `h` the handle table, `i` its
 * component instance, `O` the resource operations, `$` the
 * abi support functions, `Q` those of asynchronous components, `u` the call that borrowed handles
 * are lent to.
 */
export interface LoadEnvironment {
  readonly emitter: Emitter;
  readonly encoding: StringEncoding;
  /** What is lifted counts towards the bound of a list (GuestMemory.spend). */
  readonly isInList?: true;
}

const scalarLoads: Readonly<Record<string, (at: string) => string>> = {
  bool: (at) => `v.getUint8(${at}) !== 0`,
  u8: (at) => `v.getUint8(${at})`,
  s8: (at) => `v.getInt8(${at})`,
  u16: (at) => `v.getUint16(${at}, true)`,
  s16: (at) => `v.getInt16(${at}, true)`,
  u32: (at) => `v.getUint32(${at}, true)`,
  s32: (at) => `v.getInt32(${at}, true)`,
  u64: (at) => `v.getBigUint64(${at}, true)`,
  s64: (at) => `v.getBigInt64(${at}, true)`,
  f32: (at) => `v.getFloat32(${at}, true)`,
  f64: (at) => `v.getFloat64(${at}, true)`,
  char: (at) => `$.char(v.getUint32(${at}, true))`,
};

export const stringLoaders: Readonly<Record<StringEncoding, string>> = {
  utf8: "loadUtf8",
  utf16: "loadUtf16",
  "latin1+utf16": "loadLatin1OrUtf16",
};

/** `base + offset` as source text. */
export function at(base: string, offset: number): string {
  return offset === 0 ? base : `${base} + ${offset}`;
}

/** Emits the load of one value at `base + offset`; returns an expression for it. */
export function emitLoad(
  env: LoadEnvironment,
  type: ValueType,
  base: string,
  offset: number,
): string {
  const scalar = scalarLoads[type.kind];
  if (scalar !== undefined) return env.emitter.hold(scalar(at(base, offset)));
  switch (type.kind) {
    case "string": {
      const pointer = `v.getUint32(${at(base, offset)}, true)`;
      const length = `v.getUint32(${at(base, offset + 4)}, true)`;
      const text = `m.${stringLoaders[env.encoding]}(${pointer}, ${length})`;
      return env.emitter.hold(env.isInList === true ? `m.spendOn(${text})` : text);
    }
    case "list":
      return emitLoadList(env, type, base, offset);
    case "record":
      return emitLoadRecord(env, type.fields, base, offset);
    case "tuple":
      return emitLoadTuple(env, type.items, base, offset);
    case "flags":
      return emitLoadFlags(env, type.names, base, offset);
    case "enum":
    case "variant":
    case "option":
    case "result":
      return emitLoadVariant(env, type, base, offset);
    default:
      return emitHandle(env.emitter, type, `v.getUint32(${at(base, offset)}, true)`);
  }
}

/** Lifts a handle index. */
export function emitHandle(emitter: Emitter, type: ValueType, index: string): string {
  switch (type.kind) {
    case "own":
      return emitter.hold(`O.takeOwn(h, ${index}, ${type.resource})`);
    case "borrow":
      return emitter.hold(`O.getBorrow(h, ${index}, ${type.resource}, u)`);
    case "stream":
      return emitter.hold(`Q.takeStream(i, ${index}, ${emitElementKind(emitter, type.element)})`);
    case "future":
      return emitter.hold(`Q.takeFuture(i, ${index}, ${emitElementKind(emitter, type.element)})`);
    default:
      return emitter.hold(`Q.getErrorContext(i, ${index})`);
  }
}

function emitLoadList(
  env: LoadEnvironment,
  type: Extract<ValueType, { kind: "list" }>,
  base: string,
  offset: number,
): string {
  if (type.length !== undefined) {
    const size = layoutOf(type.element).size;
    const first = env.emitter.hold(at(base, offset));
    return emitLoadElements(env, type.element, first, { count: String(type.length), size });
  }
  const pointer = env.emitter.hold(`v.getUint32(${at(base, offset)}, true)`);
  const length = env.emitter.hold(`v.getUint32(${at(base, offset + 4)}, true)`);
  return emitLoadDynamicList(env, type.element, pointer, length);
}

/** Lifts a list from pointer and length (also used for flat values). */
export function emitLoadDynamicList(
  env: LoadEnvironment,
  element: ValueType,
  pointer: string,
  length: string,
): string {
  if (element.kind === "u8") {
    const bytes = `m.loadBytes(${pointer}, ${length})`;
    return env.emitter.hold(env.isInList === true ? `m.spendOn(${bytes})` : bytes);
  }
  const { size, align } = layoutOf(element);
  env.emitter.line(`m.check(${pointer}, ${length} * ${size}, ${align});`);
  return emitLoadElements(env, element, pointer, { count: length, size });
}

/** Emits the loads of items that follow each other; returns the name of their array. */
export function emitLoadElements(
  env: LoadEnvironment,
  element: ValueType,
  pointer: string,
  shape: { readonly count: string; readonly size: number },
): string {
  const { emitter } = env;
  if (env.isInList !== true) emitter.line("m.beginList();");
  emitter.line(`m.spend(${shape.count} * ${shape.size + listItemBytes});`);
  const list = emitter.hold("[]");
  const index = emitter.fresh();
  emitter.line(`for (let ${index} = 0; ${index} < ${shape.count}; ${index}++) {`);
  const item = emitter.hold(`${pointer} + ${index} * ${shape.size}`);
  emitter.line(`${list}.push(${emitLoad({ ...env, isInList: true }, element, item, 0)}); }`);
  return list;
}

function emitLoadRecord(
  env: LoadEnvironment,
  fields: readonly { readonly name: string; readonly type: ValueType }[],
  base: string,
  offset: number,
): string {
  const values = emitSequence(
    env,
    fields.map((field) => field.type),
    base,
    offset,
  );
  const members = fields.map((field, index) => `${quote(camelCase(field.name))}: ${values[index]}`);
  return `{ ${members.join(", ")} }`;
}

function emitLoadTuple(
  env: LoadEnvironment,
  items: readonly ValueType[],
  base: string,
  offset: number,
): string {
  return `[${emitSequence(env, items, base, offset).join(", ")}]`;
}

function emitSequence(
  env: LoadEnvironment,
  types: readonly ValueType[],
  base: string,
  offset: number,
): string[] {
  const values: string[] = [];
  let position = offset;
  for (const type of types) {
    const { size, align } = layoutOf(type);
    position = offset + alignTo(position - offset, align);
    values.push(emitLoad(env, type, base, position));
    position += size;
  }
  return values;
}

function emitLoadFlags(
  env: LoadEnvironment,
  names: readonly string[],
  base: string,
  offset: number,
): string {
  const { size } = layoutOf({ kind: "flags", names });
  const read = size === 1 ? "getUint8" : size === 2 ? "getUint16" : "getUint32";
  const words = [];
  for (let word = 0; word * 4 < size; word++) {
    words.push(env.emitter.hold(`v.${read}(${at(base, offset + word * 4)}, true)`));
  }
  return flagsExpression(names, words);
}

/** Object of booleans from 32-bit words. */
export function flagsExpression(names: readonly string[], words: readonly string[]): string {
  const members = names.map((name, index) => {
    const word = words[index >> 5] ?? "0";
    return `${quote(camelCase(name))}: (${word} >>> ${index & 31} & 1) === 1`;
  });
  return `{ ${members.join(", ")} }`;
}

function emitLoadVariant(
  env: LoadEnvironment,
  type: ValueType,
  base: string,
  offset: number,
): string {
  const cases = caseTypes(type);
  const bytes = discriminantBytes(cases.length);
  const read = bytes === 1 ? "getUint8" : bytes === 2 ? "getUint16" : "getUint32";
  const discriminant = env.emitter.hold(`v.${read}(${at(base, offset)}, true)`);
  const payload = offset + payloadOffset(cases);
  return emitCases(env.emitter, type, discriminant, (caseType) =>
    emitLoad(env, caseType, base, payload),
  );
}

/** Emits the choice between a variant's cases; `emitPayload` lifts the payload of one. */
export function emitCases(
  emitter: Emitter,
  type: ValueType,
  discriminant: string,
  emitPayload: (type: ValueType) => string,
): string {
  const names = caseNames(type);
  if (type.kind === "enum") {
    return emitter.hold(`$.enumCase(${emitter.constant(names)}, ${discriminant})`);
  }
  const result = emitter.fresh();
  emitter.line(`let ${result};`);
  emitter.line(`switch (${discriminant}) {`);
  for (const [index, caseType] of caseTypes(type).entries()) {
    emitter.line(`case ${index}: {`);
    const payload = caseType === undefined ? "undefined" : emitPayload(caseType);
    emitter.line(`${result} = ${caseExpression(type, names[index] ?? "", payload)}; break; }`);
  }
  emitter.line(`default: $.badDiscriminant(${discriminant}); }`);
  return result;
}

function caseExpression(type: ValueType, name: string, payload: string): string {
  if (type.kind === "option" && type.some.kind !== "option") return payload;
  return `{ tag: ${quote(name)}, val: ${payload} }`;
}

/** Case names as the host sees them. */
export function caseNames(type: ValueType): readonly string[] {
  switch (type.kind) {
    case "variant":
      return type.cases.map((item) => item.name);
    case "enum":
      return type.names;
    case "option":
      return ["none", "some"];
    case "result":
      return ["ok", "err"];
    default:
      return [];
  }
}
