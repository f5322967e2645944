import type { CoreValueType, ValueType } from "../component/types.ts";
import {
  emitCases,
  emitHandle,
  emitLoadDynamicList,
  flagsExpression,
  type LoadEnvironment,
  stringLoaders,
} from "./emit-load.ts";
import {
  emitChoice,
  emitListPair,
  emitStringPair,
  flagWords,
  handleExpression,
  type StoreEnvironment,
} from "./emit-store.ts";
import { camelCase, quote } from "./emitter.ts";
import { flatten } from "./layout.ts";

/** A core value: its expression and its type after joining. */
export interface FlatValue {
  readonly expression: string;
  readonly core: CoreValueType;
}

/** Hands out flat values in order. */
export class FlatCursor {
  #values: readonly FlatValue[];
  #next = 0;

  constructor(values: readonly FlatValue[]) {
    this.#values = values;
  }

  take(count: number): readonly FlatValue[] {
    this.#next += count;
    return this.#values.slice(this.#next - count, this.#next);
  }

  /** The next value's expression. */
  next(): string {
    return this.take(1)[0]?.expression ?? "0";
  }
}

const scalarLifts: Readonly<Record<string, (value: string) => string>> = {
  bool: (value) => `${value} !== 0`,
  u8: (value) => `${value} & 255`,
  s8: (value) => `${value} << 24 >> 24`,
  u16: (value) => `${value} & 65535`,
  s16: (value) => `${value} << 16 >> 16`,
  u32: (value) => `${value} >>> 0`,
  s32: (value) => `${value} | 0`,
  u64: (value) => `BigInt.asUintN(64, ${value})`,
  s64: (value) => value,
  f32: (value) => value,
  f64: (value) => value,
  char: (value) => `$.char(${value} >>> 0)`,
};

/** Emits the lift of one value from core values (CanonicalABI.md, `lift_flat`). */
export function emitLiftFlat(env: LoadEnvironment, type: ValueType, source: FlatCursor): string {
  const { emitter } = env;
  const scalar = scalarLifts[type.kind];
  if (scalar !== undefined) return emitter.hold(scalar(source.next()));
  switch (type.kind) {
    case "string": {
      const [pointer, length] = [source.next(), source.next()];
      return emitter.hold(`m.${stringLoaders[env.encoding]}(${pointer} >>> 0, ${length} >>> 0)`);
    }
    case "list": {
      if (type.length !== undefined) {
        const items = Array.from({ length: type.length }, () => type.element);
        return `[${items.map((item) => emitLiftFlat(env, item, source)).join(", ")}]`;
      }
      const pointer = emitter.hold(`${source.next()} >>> 0`);
      const length = emitter.hold(`${source.next()} >>> 0`);
      return emitLoadDynamicList(env, type.element, pointer, length);
    }
    case "record": {
      const members = type.fields.map(
        (field) => `${quote(camelCase(field.name))}: ${emitLiftFlat(env, field.type, source)}`,
      );
      return `{ ${members.join(", ")} }`;
    }
    case "tuple":
      return `[${type.items.map((item) => emitLiftFlat(env, item, source)).join(", ")}]`;
    case "flags": {
      const words = source.take(Math.ceil(type.names.length / 32));
      return flagsExpression(
        type.names,
        words.map((word) => word.expression),
      );
    }
    case "enum":
    case "variant":
    case "option":
    case "result":
      return emitLiftFlatVariant(env, type, source);
    default:
      return emitHandle(emitter, type, `${source.next()} >>> 0`);
  }
}

function emitLiftFlatVariant(env: LoadEnvironment, type: ValueType, source: FlatCursor): string {
  const slots = source.take(flatten(type).length);
  const discriminant = env.emitter.hold(`${slots[0]?.expression ?? "0"} >>> 0`);
  return emitCases(env.emitter, type, discriminant, (caseType) => {
    const payload = flatten(caseType).map((core, index) => {
      const slot = slots[index + 1] ?? { expression: "0", core };
      return { core, expression: narrow(slot, core) };
    });
    return emitLiftFlat(env, caseType, new FlatCursor(payload));
  });
}

/** From a joined core type to the one that the case wants. */
function narrow(slot: FlatValue, want: CoreValueType): string {
  const { expression, core } = slot;
  if (core === want) return expression;
  if (core === "i32") return `$.f32FromBits(${expression})`;
  if (want === "i32") return `Number(BigInt.asIntN(32, ${expression}))`;
  if (want === "f32") return `$.f32FromBits(Number(BigInt.asIntN(32, ${expression})))`;
  return `$.f64FromBits(${expression})`;
}

/** From a case's core type to the joined one. */
function widen(value: FlatValue, want: CoreValueType): string {
  const { expression, core } = value;
  if (core === want) return expression;
  if (want === "i32") return `$.f32Bits(${expression})`;
  if (core === "i32") return `BigInt(${expression} >>> 0)`;
  if (core === "f32") return `BigInt($.f32Bits(${expression}) >>> 0)`;
  return `$.f64Bits(${expression})`;
}

/** Emits the lowering of one value to core values (CanonicalABI.md, `lower_flat`). */
export function emitLowerFlat(env: StoreEnvironment, type: ValueType, value: string): FlatValue[] {
  switch (type.kind) {
    case "bool":
      return [{ expression: `${value} ? 1 : 0`, core: "i32" }];
    case "char":
      return [{ expression: `$.charCode(${value})`, core: "i32" }];
    case "u64":
    case "s64":
      return [{ expression: value, core: "i64" }];
    case "f32":
    case "f64":
      return [{ expression: value, core: type.kind }];
    case "string":
      return pair(emitStringPair(env, value));
    case "list":
      if (type.length === undefined) return pair(emitListPair(env, type.element, value));
      return lowerMembers(
        env,
        Array.from({ length: type.length }, () => type.element),
        (index) => `${value}[${index}]`,
      );
    case "record":
      return lowerMembers(
        env,
        type.fields.map((field) => field.type),
        (index) => `${value}[${quote(camelCase(type.fields[index]?.name ?? ""))}]`,
      );
    case "tuple":
      return lowerMembers(env, type.items, (index) => `${value}[${index}]`);
    case "flags":
      return flagWords(type.names, value).map((expression) => ({ expression, core: "i32" }));
    case "enum":
    case "variant":
    case "option":
    case "result":
      return emitLowerFlatVariant(env, type, value);
    case "own":
    case "borrow":
    case "stream":
    case "future":
    case "error-context": {
      const handle = handleExpression(env.emitter, type, value);
      return [{ expression: env.emitter.hold(handle), core: "i32" }];
    }
    default:
      return [{ expression: value, core: "i32" }];
  }
}

function pair([pointer, length]: readonly [string, string]): FlatValue[] {
  return [
    { expression: pointer, core: "i32" },
    { expression: length, core: "i32" },
  ];
}

function lowerMembers(
  env: StoreEnvironment,
  types: readonly ValueType[],
  member: (index: number) => string,
): FlatValue[] {
  return types.flatMap((type, index) => emitLowerFlat(env, type, env.emitter.hold(member(index))));
}

function emitLowerFlatVariant(env: StoreEnvironment, type: ValueType, value: string): FlatValue[] {
  const { emitter } = env;
  const slots = flatten(type).map((core) => ({ expression: emitter.fresh(), core }));
  for (const slot of slots) {
    emitter.line(`let ${slot.expression} = ${slot.core === "i64" ? "0n" : "0"};`);
  }
  const [discriminant, ...payloadSlots] = slots;
  emitChoice(emitter, type, value, (index, caseType, payload) => {
    emitter.line(`${discriminant?.expression} = ${index};`);
    if (caseType === undefined) return;
    for (const [position, flat] of emitLowerFlat(env, caseType, payload).entries()) {
      const slot = payloadSlots[position];
      if (slot !== undefined) emitter.line(`${slot.expression} = ${widen(flat, slot.core)};`);
    }
  });
  return slots;
}
