import type { StringEncoding } from "../component/plan.ts";
import type { ValueType } from "../component/types.ts";
import { at, caseNames } from "./emit-load.ts";
import { emitElementKind } from "./element-kind.ts";
import { camelCase, type Emitter, quote } from "./emitter.ts";
import { alignTo, caseTypes, discriminantBytes, layoutOf, payloadOffset } from "./layout.ts";

/**
 * Emits code that lowers host values into linear memory (CanonicalABI.md, `store`). Names in scope
 * of the generated code: those of emit-load.ts, `r` the guest's realloc, and `s` the borrow scope.
 */
export interface StoreEnvironment {
  readonly emitter: Emitter;
  readonly encoding: StringEncoding;
}

const scalarStores: Readonly<Record<string, (at: string, value: string) => string>> = {
  bool: (to, value) => `v.setUint8(${to}, ${value} ? 1 : 0)`,
  u8: (to, value) => `v.setUint8(${to}, ${value})`,
  s8: (to, value) => `v.setInt8(${to}, ${value})`,
  u16: (to, value) => `v.setUint16(${to}, ${value}, true)`,
  s16: (to, value) => `v.setInt16(${to}, ${value}, true)`,
  u32: (to, value) => `v.setUint32(${to}, ${value}, true)`,
  s32: (to, value) => `v.setInt32(${to}, ${value}, true)`,
  u64: (to, value) => `v.setBigUint64(${to}, ${value}, true)`,
  s64: (to, value) => `v.setBigInt64(${to}, ${value}, true)`,
  f32: (to, value) => `v.setFloat32(${to}, ${value}, true)`,
  f64: (to, value) => `v.setFloat64(${to}, ${value}, true)`,
  char: (to, value) => `v.setUint32(${to}, $.charCode(${value}), true)`,
};

export const stringStorers: Readonly<Record<StringEncoding, string>> = {
  utf8: "storeUtf8",
  utf16: "storeUtf16",
  "latin1+utf16": "storeLatin1OrUtf16",
};

/** Emits the store of the value of expression `value` at `base + offset`. */
export function emitStore(
  env: StoreEnvironment,
  type: ValueType,
  value: string,
  place: { readonly base: string; readonly offset: number },
): void {
  const { emitter } = env;
  const { base, offset } = place;
  const scalar = scalarStores[type.kind];
  if (scalar !== undefined) {
    emitter.line(`${scalar(at(base, offset), value)};`);
    return;
  }
  switch (type.kind) {
    case "string":
      emitStorePair(env, emitStringPair(env, value), place);
      return;
    case "list":
      emitStoreList(env, type, value, place);
      return;
    case "record": {
      const values = type.fields.map((field) => `${value}[${quote(camelCase(field.name))}]`);
      emitStoreSequence(env, type.fields, values, place);
      return;
    }
    case "tuple": {
      const values = type.items.map((_, index) => `${value}[${index}]`);
      emitStoreSequence(
        env,
        type.items.map((item) => ({ type: item })),
        values,
        place,
      );
      return;
    }
    case "flags":
      emitStoreFlags(env, type.names, value, place);
      return;
    case "enum":
    case "variant":
    case "option":
    case "result":
      emitStoreVariant(env, type, value, place);
      return;
    default:
      emitter.line(
        `v.setUint32(${at(base, offset)}, ${handleExpression(emitter, type, value)}, true);`,
      );
  }
}

/** Expression for the handle index of a lowered resource. */
export function handleExpression(emitter: Emitter, type: ValueType, value: string): string {
  switch (type.kind) {
    case "own":
      return `O.addOwn(h, ${value}, ${type.resource})`;
    case "borrow":
      return `O.addBorrow(i, s, ${value}, ${type.resource})`;
    case "stream":
      return `Q.addStream(i, ${value}, ${emitElementKind(emitter, type.element)})`;
    case "future":
      return `Q.addFuture(i, ${value}, ${emitElementKind(emitter, type.element)})`;
    default:
      return `Q.addErrorContext(i, ${value})`;
  }
}

type Place = { readonly base: string; readonly offset: number };

function emitStorePair(
  env: StoreEnvironment,
  pair: readonly [string, string],
  { base, offset }: Place,
): void {
  env.emitter.line(`v.setUint32(${at(base, offset)}, ${pair[0]}, true);`);
  env.emitter.line(`v.setUint32(${at(base, offset + 4)}, ${pair[1]}, true);`);
}

/** Copies a string into the guest; returns expressions for pointer and length. */
export function emitStringPair(env: StoreEnvironment, value: string): readonly [string, string] {
  const pair = env.emitter.hold(`m.${stringStorers[env.encoding]}(${value}, r)`);
  env.emitter.line("v = m.view();");
  return [`${pair}[0]`, `${pair}[1]`];
}

/** Copies a list into the guest; returns expressions for pointer and length. */
export function emitListPair(
  env: StoreEnvironment,
  element: ValueType,
  value: string,
): readonly [string, string] {
  const { emitter } = env;
  const list = emitter.hold(value);
  if (element.kind === "u8") {
    const pointer = emitter.hold(`m.storeBytes(${list}, r)`);
    emitter.line("v = m.view();");
    return [pointer, `${list}.length`];
  }
  const { size, align } = layoutOf(element);
  const pointer = emitter.hold(`m.allocate(${list}.length * ${size}, ${align}, r)`);
  emitter.line("v = m.view();");
  emitStoreElements(env, element, list, { base: pointer, offset: 0 });
  return [pointer, `${list}.length`];
}

/** Emits the stores of the items of an array, one after the other. */
export function emitStoreElements(
  env: StoreEnvironment,
  element: ValueType,
  list: string,
  { base, offset }: Place,
): void {
  const { emitter } = env;
  const index = emitter.fresh();
  emitter.line(`for (let ${index} = 0; ${index} < ${list}.length; ${index}++) {`);
  const item = emitter.hold(`${at(base, offset)} + ${index} * ${layoutOf(element).size}`);
  const value = emitter.hold(`${list}[${index}]`);
  emitStore(env, element, value, { base: item, offset: 0 });
  emitter.line("}");
}

function emitStoreList(
  env: StoreEnvironment,
  type: Extract<ValueType, { kind: "list" }>,
  value: string,
  place: Place,
): void {
  if (type.length === undefined) {
    emitStorePair(env, emitListPair(env, type.element, value), place);
    return;
  }
  const list = env.emitter.hold(`$.fixedList(${value}, ${type.length})`);
  emitStoreElements(env, type.element, list, place);
}

function emitStoreSequence(
  env: StoreEnvironment,
  members: readonly { readonly type: ValueType }[],
  values: readonly string[],
  { base, offset }: Place,
): void {
  let position = offset;
  for (const [index, { type }] of members.entries()) {
    const { size, align } = layoutOf(type);
    position = offset + alignTo(position - offset, align);
    const value = env.emitter.hold(values[index] ?? "undefined");
    emitStore(env, type, value, { base, offset: position });
    position += size;
  }
}

function emitStoreFlags(
  env: StoreEnvironment,
  names: readonly string[],
  value: string,
  { base, offset }: Place,
): void {
  const { size } = layoutOf({ kind: "flags", names });
  const write = size === 1 ? "setUint8" : size === 2 ? "setUint16" : "setUint32";
  for (const [word, expression] of flagWords(names, value).entries()) {
    env.emitter.line(`v.${write}(${at(base, offset + word * 4)}, ${expression}, true);`);
  }
}

/** One expression for every 32 flags. */
export function flagWords(names: readonly string[], value: string): string[] {
  const words: string[] = [];
  for (let first = 0; first < names.length; first += 32) {
    const bits = names
      .slice(first, first + 32)
      .map((name, bit) => `(${value}[${quote(camelCase(name))}] ? ${(1 << bit) >>> 0} : 0)`);
    words.push(`(${bits.join(" | ")}) >>> 0`);
  }
  return words;
}

function emitStoreVariant(
  env: StoreEnvironment,
  type: ValueType,
  value: string,
  { base, offset }: Place,
): void {
  const cases = caseTypes(type);
  const bytes = discriminantBytes(cases.length);
  const write = bytes === 1 ? "setUint8" : bytes === 2 ? "setUint16" : "setUint32";
  const payload = offset + payloadOffset(cases);
  emitChoice(env.emitter, type, value, (index, caseType, payloadValue) => {
    env.emitter.line(`v.${write}(${at(base, offset)}, ${index}, true);`);
    if (caseType === undefined) return;
    emitStore(env, caseType, payloadValue, { base, offset: payload });
  });
}

/** Emits the choice of the case that a host value is; `emitCase` lowers one. */
export function emitChoice(
  emitter: Emitter,
  type: ValueType,
  value: string,
  emitCase: (index: string, type: ValueType | undefined, payload: string) => void,
): void {
  if (type.kind === "enum") {
    emitCase(`$.enumIndex(${emitter.constant(type.names)}, ${value})`, undefined, "undefined");
    return;
  }
  if (type.kind === "option" && type.some.kind !== "option") {
    emitter.line(`if (${value} === undefined || ${value} === null) {`);
    emitCase("0", undefined, "undefined");
    emitter.line("} else {");
    emitCase("1", type.some, value);
    emitter.line("}");
    return;
  }
  emitter.line(`switch (${value}.tag) {`);
  const names = caseNames(type);
  for (const [index, caseType] of caseTypes(type).entries()) {
    emitter.line(`case ${quote(names[index] ?? "")}: {`);
    const payload = caseType === undefined ? "undefined" : emitter.hold(`${value}.val`);
    emitCase(String(index), caseType, payload);
    emitter.line("break; }");
  }
  emitter.line(`default: $.badCase(${value}.tag); }`);
}
