import { WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import type { ResourceEntity, TypeEntity, TypeIdentity, ValueEntity } from "./entities.ts";
import type { CoreValueType, PrimitiveKind, ValueType } from "./types.ts";

/** CanonicalABI.md, "Flattening": MAX_FLAT_PARAMS. */
export const flatParamsMax = 16;

const i32: readonly CoreValueType[] = ["i32"];
const none: ReadonlySet<TypeIdentity> = new Set();

function scalar(kind: PrimitiveKind, size: number, flat: CoreValueType = "i32"): ValueEntity {
  return {
    kind: "value",
    type: { kind },
    nodes: 1,
    depth: 1,
    size,
    align: size,
    flat: [flat],
    pointers: false,
    borrow: false,
    resource: false,
    needs: none,
    parts: none,
  };
}

/** Strings, and all lists but those of fixed length. */
const pointer = {
  size: 16,
  align: 8,
  flat: ["i32", "i32"] as readonly CoreValueType[],
  pointers: true,
};

/** The primitive types. */
export const primitiveEntities: Readonly<Record<PrimitiveKind, ValueEntity>> = {
  bool: scalar("bool", 1),
  s8: scalar("s8", 1),
  u8: scalar("u8", 1),
  s16: scalar("s16", 2),
  u16: scalar("u16", 2),
  s32: scalar("s32", 4),
  u32: scalar("u32", 4),
  s64: scalar("s64", 8, "i64"),
  u64: scalar("u64", 8, "i64"),
  f32: scalar("f32", 4, "f32"),
  f64: scalar("f64", 8, "f64"),
  char: scalar("char", 4),
  string: { ...scalar("string", 8), ...pointer },
  "error-context": scalar("error-context", 4),
};

/** How a value lies in memory and in core values. */
type Shape = Pick<ValueEntity, "size" | "align" | "flat"> & { readonly pointers?: boolean };

/**
 * A type made of `parts`, which have their own facts. Throws `limit` when it is nested too deep,
 * or a value of it is too large.
 */
function composed(type: ValueType, parts: readonly ValueEntity[], shape: Shape): ValueEntity {
  let nodes = 1;
  let depth = 0;
  let pointers = shape.pointers ?? false;
  let borrow = false;
  let resource = false;
  for (const part of parts) {
    nodes += part.nodes;
    depth = Math.max(depth, part.depth);
    pointers ||= part.pointers;
    borrow ||= part.borrow;
    resource ||= part.resource;
  }
  depth++;
  checkBounds(type, nodes, depth, shape.size);
  const { size, align, flat } = shape;
  const needs = identitiesOf(parts);
  return {
    kind: "value",
    type,
    nodes,
    depth,
    size,
    align,
    flat,
    pointers,
    borrow,
    resource,
    needs,
    parts: needs,
  };
}

/** What values of all these types need to be named. */
export function identitiesOf(
  parts: readonly Pick<ValueEntity, "needs">[],
): ReadonlySet<TypeIdentity> {
  const [first] = parts;
  if (first === undefined) return none;
  if (parts.every(({ needs }) => needs.size === 0)) return none;
  if (parts.length === 1) return first.needs;
  return new Set(parts.flatMap(({ needs }) => [...needs]));
}

/** Types that have a meaning of their own, beyond their structure, have an identity. */
function nominal(entity: ValueEntity): ValueEntity {
  return { ...entity, needs: new Set([{}]) };
}

/** The same type under a new name: what needs it has to name this one. */
export function renamed(type: TypeEntity): TypeEntity {
  if (type.kind === "resource") return { ...type, identity: {} };
  return type.kind === "value" && type.needs !== type.parts ? nominal(type) : type;
}

function checkBounds(type: ValueType, nodes: number, depth: number, size: number): void {
  if (depth > limits.typeNestingMax) {
    throw new WhorlError(
      "limit",
      `a ${type.kind} type of the component is nested more than ${limits.typeNestingMax} levels deep`,
    );
  }
  if (nodes > limits.typeNodesMax) {
    throw new WhorlError(
      "limit",
      `a ${type.kind} type of the component has more than ${limits.typeNodesMax} types in it`,
    );
  }
  if (size > limits.typeSizeBytesMax) {
    throw new WhorlError(
      "limit",
      `a value of a ${type.kind} type of the component takes ${size} bytes, more than the limit of ${limits.typeSizeBytesMax}`,
    );
  }
}

/** A field or a case. */
export interface NamedEntity<Part extends ValueEntity | undefined> {
  readonly name: string;
  readonly entity: Part;
}

export function recordEntity(members: readonly NamedEntity<ValueEntity>[]): ValueEntity {
  const fields = members.map(({ name, entity }) => ({ name, type: entity.type }));
  const parts = members.map(({ entity }) => entity);
  return nominal(composed({ kind: "record", fields }, parts, sequence(parts)));
}

export function tupleEntity(parts: readonly ValueEntity[]): ValueEntity {
  const items = parts.map((part) => part.type);
  return composed({ kind: "tuple", items }, parts, sequence(parts));
}

/** A list of pairs; of how large a pair is nothing depends but the list's memory. */
export function mapEntity(key: ValueEntity, value: ValueEntity): ValueEntity {
  const parts = [key, value];
  const pair: ValueType = { kind: "tuple", items: [key.type, value.type] };
  const list: ValueType = { kind: "list", element: pair, length: undefined };
  return composed(list, [composed(pair, parts, { ...sequence(parts), size: 0 })], pointer);
}

export function listEntity(element: ValueEntity, length: number | undefined): ValueEntity {
  const type: ValueType = { kind: "list", element: element.type, length };
  if (length === undefined) return composed(type, [element], pointer);
  return composed(type, [element], {
    size: element.size * length,
    align: element.align,
    flat: flatRepeated(element.flat, length),
  });
}

export function variantEntity(
  members: readonly NamedEntity<ValueEntity | undefined>[],
): ValueEntity {
  const cases = members.map(({ name, entity }) => ({ name, type: entity?.type }));
  const parts = members.map(({ entity }) => entity);
  return nominal(composed({ kind: "variant", cases }, parts.filter(isPresent), choice(parts)));
}

export function optionEntity(some: ValueEntity): ValueEntity {
  return composed({ kind: "option", some: some.type }, [some], choice([undefined, some]));
}

export function resultEntity(
  ok: ValueEntity | undefined,
  err: ValueEntity | undefined,
): ValueEntity {
  const type: ValueType = { kind: "result", ok: ok?.type, err: err?.type };
  return composed(type, [ok, err].filter(isPresent), choice([ok, err]));
}

export function enumEntity(names: readonly string[]): ValueEntity {
  const size = discriminantBytes(names.length);
  return nominal(composed({ kind: "enum", names }, [], { size, align: size, flat: i32 }));
}

export function flagsEntity(names: readonly string[]): ValueEntity {
  const size = names.length <= 8 ? 1 : names.length <= 16 ? 2 : 4;
  return nominal(composed({ kind: "flags", names }, [], { size, align: size, flat: i32 }));
}

const handleShape: Shape = { size: 4, align: 4, flat: i32 };

export function handleEntity(
  kind: "own" | "borrow",
  { resource, identity, opaque }: ResourceEntity,
): ValueEntity {
  const type = opaque === undefined ? { kind, resource } : { kind, resource, opaque };
  const entity = composed(type, [], handleShape);
  const needs = new Set([identity]);
  return { ...entity, resource: true, borrow: kind === "borrow", needs, parts: needs };
}

export function streamEntity(
  kind: "stream" | "future",
  element: ValueEntity | undefined,
): ValueEntity {
  const type: ValueType = { kind, element: element?.type };
  const parts = element === undefined ? [] : [element];
  // What streams carry is in memory, the handle itself is not.
  const entity: ValueEntity = { ...composed(type, parts, handleShape), pointers: false };
  return element === undefined ? entity : { ...entity, element };
}

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined;
}

function alignTo(offset: number, align: number): number {
  return Math.ceil(offset / align) * align;
}

function discriminantBytes(caseCount: number): number {
  if (caseCount <= 0x100) return 1;
  return caseCount <= 0x1_0000 ? 2 : 4;
}

/** Records and tuples. */
function sequence(parts: readonly ValueEntity[]): Shape {
  let size = 0;
  let align = 1;
  for (const part of parts) {
    size = alignTo(size, part.align) + part.size;
    align = Math.max(align, part.align);
  }
  return { size: alignTo(size, align), align, flat: flatSequence(parts) };
}

/** Core values of several values after each other; undefined when too many. */
export function flatSequence(parts: readonly ValueEntity[]): readonly CoreValueType[] | undefined {
  const flat: CoreValueType[] = [];
  for (const part of parts) {
    if (part.flat === undefined || flat.length + part.flat.length > flatParamsMax) return undefined;
    flat.push(...part.flat);
  }
  return flat;
}

function flatRepeated(
  element: readonly CoreValueType[] | undefined,
  length: number,
): readonly CoreValueType[] | undefined {
  if (element === undefined || element.length * length > flatParamsMax) return undefined;
  return Array.from({ length }, () => element).flat();
}

/** Everything that is a variant underneath. */
function choice(cases: readonly (ValueEntity | undefined)[]): Shape {
  const discriminant = discriminantBytes(cases.length);
  let align = discriminant;
  let payload = 0;
  for (const part of cases) {
    if (part === undefined) continue;
    align = Math.max(align, part.align);
    payload = Math.max(payload, part.size);
  }
  const size = alignTo(alignTo(discriminant, align) + payload, align);
  return { size, align, flat: flatChoice(cases) };
}

function flatChoice(
  cases: readonly (ValueEntity | undefined)[],
): readonly CoreValueType[] | undefined {
  const flat: CoreValueType[] = ["i32"];
  for (const part of cases) {
    if (part === undefined) continue;
    if (part.flat === undefined || part.flat.length >= flatParamsMax) return undefined;
    part.flat.forEach((type, index) => {
      const known = flat[index + 1];
      flat[index + 1] = known === undefined ? type : join(known, type);
    });
  }
  return flat;
}

/** CanonicalABI.md, `join`: the core type that can hold either. */
function join(a: CoreValueType, b: CoreValueType): CoreValueType {
  if (a === b) return a;
  const isI32 = (a === "i32" && b === "f32") || (a === "f32" && b === "i32");
  return isI32 ? "i32" : "i64";
}
