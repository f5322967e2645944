import type { ValueType } from "../component/types.ts";
import { limits } from "../limits.ts";
import type { Emitter } from "./emitter.ts";
import { listItemBytes } from "./guest-memory.ts";
import { layoutOf } from "./layout.ts";
import type { ElementKind } from "./shared-ends.ts";

const numeric: ReadonlySet<string> = new Set([
  "u8",
  "s8",
  "u16",
  "s16",
  "u32",
  "s32",
  "u64",
  "s64",
  "f32",
  "f64",
]);

/** What a stream or future of this element type is at run time. */
export function elementKind(element: ValueType | undefined): ElementKind {
  return {
    key: typeKey(element),
    isBytes: element?.kind === "u8",
    isNumeric: element === undefined || numeric.has(element.kind),
    copyItemsMax: copyItemsMax(element),
  };
}

/** Half of what a list may take: the other half is for what the items point to. */
function copyItemsMax(element: ValueType | undefined): number {
  if (element?.kind === "u8") return Infinity;
  const bytes = listItemBytes + (element === undefined ? 0 : layoutOf(element).size);
  return Math.max(1, Math.floor(limits.liftedBytesMax / 2 / bytes));
}

/** Makes it reachable from generated code. */
export function emitElementKind(emitter: Emitter, element: ValueType | undefined): string {
  return emitter.constant(elementKind(element));
}

const keys = new WeakMap<ValueType, string>();

/** The same text for structurally equal types of one plan, and for no others. */
export function typeKey(type: ValueType | undefined): string {
  if (type === undefined) return "_";
  const known = keys.get(type);
  if (known !== undefined) return known;
  const key = computeKey(type);
  keys.set(type, key);
  return key;
}

function computeKey(type: ValueType): string {
  switch (type.kind) {
    case "list":
      return `list(${typeKey(type.element)},${type.length ?? ""})`;
    case "record":
      return `record(${type.fields.map((each) => `${each.name}:${typeKey(each.type)}`).join()})`;
    case "variant":
      return `variant(${type.cases.map((each) => `${each.name}:${typeKey(each.type)}`).join()})`;
    case "tuple":
      return `tuple(${type.items.map(typeKey).join()})`;
    case "flags":
    case "enum":
      return `${type.kind}(${type.names.join()})`;
    case "option":
      return `option(${typeKey(type.some)})`;
    case "result":
      return `result(${typeKey(type.ok)},${typeKey(type.err)})`;
    case "own":
    case "borrow":
      return `${type.kind}(${type.resource})`;
    case "stream":
    case "future":
      return `${type.kind}(${typeKey(type.element)})`;
    default:
      return type.kind;
  }
}
