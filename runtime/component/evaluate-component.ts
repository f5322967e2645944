import { WhorlError } from "../error.ts";
import { checkAnnotatedName, type ResourceNames } from "./annotated-name.ts";
import {
  bindExtern,
  checkUnusedTypes,
  describedInstance,
  instantiateType,
  missing,
  type Source,
} from "./bind-extern.ts";
import type { ComponentEntity, Entity, InstanceEntity, TypeEntity } from "./entities.ts";
import { addEntity, evaluateAlias } from "./evaluate-alias.ts";
import { evaluateCanon } from "./evaluate-canon.ts";
import { evaluateCoreInstance, evaluateCoreType } from "./evaluate-core.ts";
import { checkCoreFunc } from "./evaluate-options.ts";
import { evaluateType } from "./evaluate-types.ts";
import type { Importer } from "./host-import.ts";
import type { LinkContext } from "./link-context.ts";
import type { CoreItem } from "./plan.ts";
import { Scope } from "./scope.ts";
import { renamed } from "./value-entity.ts";
import { VisibleTypes } from "./visible-types.ts";
import type {
  Definition,
  ExternTypeSyntax,
  InstanceSyntax,
  SortIndex,
  TypeSyntax,
} from "./syntax.ts";

/** What a component's imports are; the host makes them all when there are none. */
export type Arguments = ReadonlyMap<string, Entity> | CompositionArguments | undefined;

/** Of a component that is composed with others: the host makes what is not found. */
export interface CompositionArguments {
  readonly importer: Importer;
  find(name: string): Entity | undefined;
  /** An error for an argument that does not fit its import. */
  mismatch(name: string, reason: unknown): unknown;
}

/** A component instance being evaluated. */
interface Body {
  readonly scope: Scope;
  readonly args: Arguments;
  readonly exports: Map<string, Entity>;
  readonly importNames: ResourceNames;
  readonly exportNames: ResourceNames;
  readonly visible: VisibleTypes;
}

/**
 * Instantiates a component symbolically: adds to the plan what an instance of it consists of and
 * returns its exports. Throws `invalid`, `unsupported` or `limit`.
 */
export function instantiateComponent(
  context: LinkContext,
  component: ComponentEntity,
  args: Arguments,
  parent: number | undefined,
): InstanceEntity {
  if (component.syntax === undefined) {
    const given = args instanceof Map ? args : new Map<string, Entity>();
    return instantiateType(context, component.type, given, parent ?? 0);
  }
  const { syntax, outer } = component;
  context.evaluated.add(syntax);
  const instance = context.plan.addComponentInstance({ parent });
  return context.nested(() => {
    const body: Body = {
      scope: new Scope(context, "component", instance, outer),
      args,
      exports: new Map(),
      importNames: new Map(),
      exportNames: new Map(),
      visible: new VisibleTypes(context),
    };
    for (const definition of syntax.definitions) {
      context.offset = definition.offset;
      context.step();
      evaluateDefinition(context, body, definition);
    }
    checkUnusedTypes(context, body.scope);
    checkUnusedComponents(context, body.scope);
    return { kind: "instance", exports: body.exports };
  });
}

/** What is never instantiated has to be valid all the same. */
function checkUnusedComponents(context: LinkContext, scope: Scope): void {
  for (const component of scope.components.items) {
    if (component.syntax === undefined || context.evaluated.has(component.syntax)) continue;
    context.check(() => {
      instantiateComponent(context, component, undefined, scope.instance);
    });
  }
}

function evaluateDefinition(context: LinkContext, body: Body, definition: Definition): void {
  const { scope } = body;
  switch (definition.kind) {
    case "core-module":
      context.modules.add(definition.module.bytes);
      return scope.modules.push({ kind: "core-module", ...definition.module });
    case "core-instance":
      return scope.coreInstances.push(evaluateCoreInstance(context, scope, definition.expression));
    case "core-type":
      for (const type of evaluateCoreType(context, scope, definition.type)) {
        scope.coreTypes.push(type);
      }
      return;
    case "component":
      return scope.components.push({
        kind: "component",
        syntax: definition.component,
        outer: scope.snapshot(),
      });
    case "instance":
      return scope.instances.push(evaluateInstance(context, scope, definition.expression));
    case "alias":
      return evaluateAlias(context, scope, definition.alias);
    case "type":
      return scope.types.push(evaluateTypeDefinition(context, scope, definition.type));
    case "canon":
      return evaluateCanon(context, scope, definition.canon);
    case "import":
      return evaluateImport(context, body, definition);
    case "export":
      return evaluateExport(context, body, definition);
    case "start":
      throw new WhorlError(
        "unsupported",
        "the component has a start function: values are not supported",
      );
  }
}

function evaluateTypeDefinition(
  context: LinkContext,
  scope: Scope,
  syntax: TypeSyntax,
): TypeEntity {
  if (syntax.kind !== "resource") return evaluateType(context, scope, syntax);
  let destructor: CoreItem | undefined;
  if (syntax.destructor !== undefined) {
    const found = scope.coreFuncs.at(syntax.destructor);
    checkCoreFunc(context, found, { params: ["i32"], results: [] }, "the destructor of a resource");
    destructor = found.item;
  }
  const { instance } = scope;
  const resource = context.plan.addResource({ kind: "defined", instance, destructor });
  return { kind: "resource", resource, identity: {} };
}

function evaluateImport(
  context: LinkContext,
  { scope, args, importNames, visible }: Body,
  { name, type }: Definition & { kind: "import" },
): void {
  const entity = bindImport(context, scope, type, { args, name });
  visible.addImport(name, entity);
  visible.checkImport(name, describedInstance(context, scope, entity));
  checkAnnotatedName(context, importNames, name, entity);
  addEntity(scope, entity);
}

function bindImport(
  context: LinkContext,
  scope: Scope,
  type: ExternTypeSyntax,
  { args, name }: { readonly args: Arguments; readonly name: string },
): Entity {
  const source = importSource(context, args, name);
  try {
    return bindExtern(context, scope, type, source);
  } catch (error) {
    const isComposed = args !== undefined && "find" in args && source.kind === "given";
    throw isComposed ? args.mismatch(name, error) : error;
  }
}

function importSource(context: LinkContext, args: Arguments, name: string): Source {
  const interfaceName = undefined;
  if (args === undefined) return { kind: "host", interfaceName, name };
  if ("find" in args) {
    const found = args.find(name);
    if (found === undefined) return { kind: "host", interfaceName, name, importer: args.importer };
    return { kind: "given", entity: found, path: JSON.stringify(name), isComposed: true };
  }
  const entity = args.get(name) ?? missing(context, name);
  return { kind: "given", entity, path: JSON.stringify(name) };
}

function evaluateExport(
  context: LinkContext,
  { scope, exports, exportNames, visible }: Body,
  { name, item, type }: Definition & { kind: "export" },
): void {
  const found = entityAt(context, scope, item);
  const bound = type === undefined ? found : ascribed(context, scope, { name, found, type });
  const entity: Entity =
    bound.kind === "type" ? { kind: "type", type: renamed(bound.type) } : bound;
  visible.addExport(name, entity);
  visible.checkExport(name, describedInstance(context, scope, entity));
  checkAnnotatedName(context, exportNames, name, entity);
  addEntity(scope, entity);
  exports.set(name, entity);
}

/** An export as the type says that is ascribed to it (Binary.md, `export`). */
function ascribed(
  context: LinkContext,
  scope: Scope,
  { name, found, type }: { name: string; found: Entity; type: ExternTypeSyntax },
): Entity {
  const given = { kind: "given", entity: found, path: `export ${JSON.stringify(name)}` } as const;
  const bound = bindExtern(context, scope, type, given);
  const isOpaque = type.kind === "type-resource" || type.kind === "instance";
  if (!isOpaque) return bound;
  return bindExtern(context, scope, type, { ...given, entity: bound, isAscribed: true });
}

/** The entity that a sort and an index mean. */
function entityAt(context: LinkContext, scope: Scope, { sort, index }: SortIndex): Entity {
  context.step();
  switch (sort) {
    case "core-module":
      return scope.modules.at(index);
    case "func":
      return scope.funcs.at(index);
    case "type":
      return { kind: "type", type: scope.types.at(index) };
    case "component":
      return scope.components.at(index);
    case "instance":
      return scope.instances.at(index);
    case "value":
      throw new WhorlError("unsupported", "the component uses values, which are not supported");
  }
}

function evaluateInstance(
  context: LinkContext,
  scope: Scope,
  syntax: InstanceSyntax,
): InstanceEntity {
  if (syntax.kind === "exports") {
    return { kind: "instance", exports: entitiesOf(context, scope, syntax.exports) };
  }
  const component = scope.components.at(syntax.component);
  const args = entitiesOf(context, scope, syntax.args);
  return instantiateComponent(context, component, args, scope.instance);
}

function entitiesOf(
  context: LinkContext,
  scope: Scope,
  items: ReadonlyMap<string, SortIndex>,
): ReadonlyMap<string, Entity> {
  const entities = new Map<string, Entity>();
  for (const [name, item] of items) entities.set(name, entityAt(context, scope, item));
  return entities;
}
