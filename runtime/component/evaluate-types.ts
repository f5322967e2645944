import type { FuncEntity, ResourceEntity, TypeEntity, ValueEntity } from "./entities.ts";
import type { LinkContext } from "./link-context.ts";
import type { Scope } from "./scope.ts";
import type { FuncTypeSyntax, TypeSyntax, ValueTypeRef, ValueTypeSyntax } from "./syntax.ts";
import type { PrimitiveKind } from "./types.ts";
import {
  enumEntity,
  flagsEntity,
  flatSequence,
  handleEntity,
  identitiesOf,
  listEntity,
  mapEntity,
  optionEntity,
  primitiveEntities,
  recordEntity,
  resultEntity,
  streamEntity,
  tupleEntity,
  variantEntity,
} from "./value-entity.ts";

/**
 * Resolves the type indices of a type definition. Resource types that a component defines are not
 * handled here: they need the component instance. Throws `invalid` or `limit`.
 */
export function evaluateType(
  context: LinkContext,
  scope: Scope,
  syntax: Exclude<TypeSyntax, { kind: "resource" }>,
): TypeEntity {
  switch (syntax.kind) {
    case "func":
      return evaluateFuncType(context, scope, syntax);
    case "component-type":
    case "instance-type":
      return { kind: syntax.kind, declarations: syntax.declarations, outer: scope.snapshot() };
    default:
      return evaluateValueType(context, scope, syntax);
  }
}

/** The value type that a reference means; throws `invalid` for other types. */
export function valueTypeAt(context: LinkContext, scope: Scope, ref: ValueTypeRef): ValueEntity {
  if (typeof ref !== "number") return primitiveEntities[ref];
  const type = scope.types.at(ref);
  if (type.kind === "value") return type;
  return context.fail(`type ${ref} is a ${type.kind} and not a value type`);
}

function optionalTypeAt(
  context: LinkContext,
  scope: Scope,
  ref: ValueTypeRef | undefined,
): ValueEntity | undefined {
  return ref === undefined ? undefined : valueTypeAt(context, scope, ref);
}

/** The resource that a type index means; throws `invalid` for other types. */
export function resourceAt(context: LinkContext, scope: Scope, index: number): ResourceEntity {
  const type = scope.types.at(index);
  if (type.kind === "resource") return type;
  return context.fail(`type ${index} is a ${type.kind} and not a resource`);
}

/** The function type that a type index means; throws `invalid` for other types. */
export function funcTypeAt(context: LinkContext, scope: Scope, index: number): FuncEntity {
  const type = scope.types.at(index);
  if (type.kind === "func") return type;
  return context.fail(`type ${index} is a ${type.kind} and not a function type`);
}

function evaluateValueType(
  context: LinkContext,
  scope: Scope,
  syntax: ValueTypeSyntax,
): ValueEntity {
  const at = (ref: ValueTypeRef): ValueEntity => valueTypeAt(context, scope, ref);
  switch (syntax.kind) {
    case "primitive":
      return primitiveEntities[syntax.primitive];
    case "record":
      context.step(syntax.fields.length);
      return recordEntity(syntax.fields.map(({ name, type }) => ({ name, entity: at(type) })));
    case "variant":
      context.step(syntax.cases.length);
      return variantEntity(
        syntax.cases.map(({ name, type }) => ({
          name,
          entity: optionalTypeAt(context, scope, type),
        })),
      );
    case "tuple":
      context.step(syntax.items.length);
      return tupleEntity(syntax.items.map(at));
    case "list":
      return listEntity(at(syntax.element), syntax.length);
    case "flags":
      return flagsEntity(syntax.names);
    case "enum":
      return enumEntity(syntax.names);
    case "option":
      return optionEntity(at(syntax.some));
    case "result":
      return resultEntity(
        optionalTypeAt(context, scope, syntax.ok),
        optionalTypeAt(context, scope, syntax.err),
      );
    case "own":
    case "borrow":
      return handleEntity(syntax.kind, resourceAt(context, scope, syntax.resource));
    case "stream":
    case "future":
      return evaluateStream(context, syntax.kind, optionalTypeAt(context, scope, syntax.element));
    case "map":
      return evaluateMap(context, at(syntax.key), at(syntax.value));
  }
}

function evaluateStream(
  context: LinkContext,
  kind: "stream" | "future",
  element: ValueEntity | undefined,
): ValueEntity {
  if (element?.borrow === true) context.fail(`a ${kind} type carries borrowed handles`);
  if (kind === "stream" && element?.type.kind === "char") context.fail("a stream type of char");
  return streamEntity(kind, element);
}

const noMapKeys: ReadonlySet<string> = new Set<PrimitiveKind>(["f32", "f64", "error-context"]);

/** A map is a list of pairs in every respect (Explainer.md, "Specialized value types"). */
function evaluateMap(context: LinkContext, key: ValueEntity, value: ValueEntity): ValueEntity {
  if (noMapKeys.has(key.type.kind) || !(key.type.kind in primitiveEntities)) {
    context.fail(`a map type has keys of type ${key.type.kind}`);
  }
  return mapEntity(key, value);
}

function evaluateFuncType(context: LinkContext, scope: Scope, syntax: FuncTypeSyntax): FuncEntity {
  context.step(syntax.params.length);
  const params = syntax.params.map(({ name, type }) => ({
    name,
    entity: valueTypeAt(context, scope, type),
  }));
  const result = optionalTypeAt(context, scope, syntax.result);
  if (result?.borrow === true) context.fail("a function type returns a borrowed handle");
  return {
    kind: "func",
    type: {
      params: params.map(({ name, entity }) => ({ name, type: entity.type })),
      result: result?.type,
      async: syntax.async,
    },
    params: flatSequence(params.map(({ entity }) => entity)),
    results: result === undefined ? [] : result.flat,
    paramPointers: params.some(({ entity }) => entity.pointers),
    resultPointers: result?.pointers ?? false,
    resource: params.some(({ entity }) => entity.resource) || (result?.resource ?? false),
    needs: identitiesOf([
      ...params.map(({ entity }) => entity),
      ...(result === undefined ? [] : [result]),
    ]),
  };
}
