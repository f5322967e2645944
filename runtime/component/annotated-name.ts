import type { Entity, FuncEntity, ResourceEntity } from "./entities.ts";
import { parsePlainName } from "./extern-name.ts";
import type { LinkContext } from "./link-context.ts";
import type { ValueType } from "./types.ts";

/** Resources imported or exported by a plain name in one scope so far. */
export type ResourceNames = Map<string, ResourceEntity>;

/**
 * Checks that `[constructor]`, `[method]` and `[static]` name functions of a resource that is
 * named before in the same scope (Binary.md, notes on imports and exports). Remembers resources.
 * Throws `invalid`.
 */
export function checkAnnotatedName(
  context: LinkContext,
  resources: ResourceNames,
  name: string,
  entity: Entity,
): void {
  if (entity.kind === "type" && entity.type.kind === "resource") {
    resources.set(name, entity.type);
    return;
  }
  if (!name.startsWith("[")) return;
  const plain = parsePlainName(name);
  if (plain?.annotation === undefined) return;
  if (entity.kind !== "func") context.fail(`${name} is a ${entity.kind} and not a function`);
  const resource = resources.get(plain.label);
  if (resource === undefined) {
    context.fail(`${name} belongs to ${plain.label}, which is no resource named before`);
  } else if (plain.annotation === "constructor") {
    checkConstructor(context, name, entity.type, resource);
  } else if (plain.annotation === "method") {
    checkMethod(context, name, entity.type, resource);
  }
}

function checkConstructor(
  context: LinkContext,
  name: string,
  { type }: FuncEntity,
  resource: ResourceEntity,
): void {
  const made = type.result?.kind === "result" ? type.result.ok : type.result;
  if (!isHandle(made, "own", resource)) context.fail(`${name} does not return its resource`);
}

function checkMethod(
  context: LinkContext,
  name: string,
  { type }: FuncEntity,
  resource: ResourceEntity,
): void {
  const self = type.params[0];
  if (self?.name !== "self" || !isHandle(self.type, "borrow", resource)) {
    context.fail(`${name} does not take "self", borrowed, as its first parameter`);
  }
}

function isHandle(
  type: ValueType | undefined,
  kind: "own" | "borrow",
  { resource, opaque }: ResourceEntity,
): boolean {
  return type?.kind === kind && type.resource === resource && type.opaque === opaque;
}
