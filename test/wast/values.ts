import { isDeepStrictEqual } from "node:util";
import { camelCase } from "../../runtime/abi/emitter.ts";
import type { ValueType } from "../../runtime/component/types.ts";
import type { ScriptValue } from "./script.ts";

/** A value of a script as the host passes and receives it (host-interface.ts). */
export function hostValue(type: ValueType | undefined, given: ScriptValue | undefined): unknown {
  if (type === undefined || given === undefined) return undefined;
  const { value } = given;
  switch (type.kind) {
    case "bool":
    case "string":
    case "char":
    case "enum":
      return value;
    case "s64":
    case "u64":
      return BigInt(value as string);
    case "f32":
      return float32(Number(value));
    case "f64":
      return float64(BigInt(value as string));
    case "list":
      return listValue(type.element, value as ScriptValue[]);
    case "tuple":
      return type.items.map((item, index) => hostValue(item, (value as ScriptValue[])[index]));
    case "record": {
      const fields = new Map(value as [string, ScriptValue][]);
      return Object.fromEntries(
        type.fields.map((each) => [
          camelCase(each.name),
          hostValue(each.type, fields.get(each.name)),
        ]),
      );
    }
    case "flags":
      return Object.fromEntries(
        type.names.map((name) => [camelCase(name), (value as string[]).includes(name)]),
      );
    case "option": {
      if (type.some.kind !== "option") {
        return value === null ? undefined : hostValue(type.some, value as ScriptValue);
      }
      if (value === null) return { tag: "none", val: undefined };
      return { tag: "some", val: hostValue(type.some, value as ScriptValue) };
    }
    case "result": {
      const { Ok, Err } = value as { Ok?: ScriptValue; Err?: ScriptValue };
      if (Err !== undefined) return { tag: "err", val: hostValue(type.err, Err) };
      return { tag: "ok", val: hostValue(type.ok, Ok) };
    }
    case "variant": {
      const { case: tag, payload } = value as { case: string; payload?: ScriptValue };
      const payloadType = type.cases.find((each) => each.name === tag)?.type;
      return { tag, val: hostValue(payloadType, payload) };
    }
    default:
      return Number(value);
  }
}

function listValue(element: ValueType, items: readonly ScriptValue[]): unknown {
  const values = items.map((item) => hostValue(element, item));
  return element.kind === "u8" ? Uint8Array.from(values as number[]) : values;
}

const scratch = new DataView(new ArrayBuffer(8));

/** Floats are written as the integer of their bits. */
function float32(bits: number): number {
  scratch.setUint32(0, bits);
  return scratch.getFloat32(0);
}

function float64(bits: bigint): number {
  scratch.setBigUint64(0, BigInt.asUintN(64, bits));
  return scratch.getFloat64(0);
}

export function isSame(actual: unknown, expected: unknown): boolean {
  return isDeepStrictEqual(actual, expected);
}
