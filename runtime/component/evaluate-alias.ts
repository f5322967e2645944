import { WhorlError } from "../error.ts";
import type { Entity, OuterScope, TypeEntity } from "./entities.ts";
import { coreExport, coreSpace, outerScope } from "./evaluate-core.ts";
import type { LinkContext } from "./link-context.ts";
import type { Scope } from "./scope.ts";
import type { AliasSyntax, Declaration } from "./syntax.ts";

/** Adds what an alias means to the index space of its sort. Throws `invalid`. */
export function evaluateAlias(context: LinkContext, scope: Scope, alias: AliasSyntax): void {
  switch (alias.kind) {
    case "export":
      return aliasExport(context, scope, alias);
    case "core-export":
      return aliasCoreExport(context, scope, alias);
    case "outer":
      return aliasOuter(context, scope, alias);
  }
}

function aliasExport(
  context: LinkContext,
  scope: Scope,
  { sort, instance, name }: AliasSyntax & { kind: "export" },
): void {
  if (sort === "value") {
    throw new WhorlError("unsupported", "the component uses values, which are not supported");
  }
  const entity = scope.instances.at(instance).exports.get(name);
  if (entity === undefined) {
    return context.fail(`instance ${instance} has no export ${JSON.stringify(name)}`);
  }
  if (entity.kind !== sort) {
    context.fail(`export ${JSON.stringify(name)} is a ${entity.kind} and not a ${sort}`);
  }
  if (scope.kind === "type" && sort !== "type" && sort !== "instance") {
    context.fail(`a component or instance type aliases a ${sort}`);
  }
  addEntity(scope, entity);
}

/** Adds an entity to the index space of its sort. */
export function addEntity(scope: Scope, entity: Entity): void {
  switch (entity.kind) {
    case "func":
      return scope.funcs.push(entity);
    case "type":
      return scope.types.push(entity.type);
    case "instance":
      return scope.instances.push(entity);
    case "component":
      return scope.components.push(entity);
    case "core-module":
      return scope.modules.push(entity);
  }
}

function aliasCoreExport(
  context: LinkContext,
  scope: Scope,
  { sort, instance, name }: AliasSyntax & { kind: "core-export" },
): void {
  const entity = coreExport(scope.coreInstances.at(instance), name);
  if (entity === undefined) {
    return context.fail(`core instance ${instance} has no export ${JSON.stringify(name)}`);
  }
  if (entity.type.kind !== sort) {
    context.fail(`core export ${JSON.stringify(name)} is a ${entity.type.kind} and not a ${sort}`);
  }
  coreSpace(context, scope, sort).push(entity);
}

function aliasOuter(
  context: LinkContext,
  scope: Scope,
  { sort, count, index }: AliasSyntax & { kind: "outer" },
): void {
  const outer = outerScope(context, scope, count);
  switch (sort) {
    case "core-module":
      refuseInTypes(context, scope, sort);
      return scope.modules.push(outer.scope.modules.at(index, outer.modules));
    case "component":
      refuseInTypes(context, scope, sort);
      return scope.components.push(outer.scope.components.at(index, outer.components));
    case "core-type":
      return scope.coreTypes.push(outer.scope.coreTypes.at(index, outer.coreTypes));
    case "type": {
      const type = outer.scope.types.at(index, outer.types);
      if (leavesComponent(scope, outer.scope) && hasResource(context, type)) {
        context.fail(`an outer alias brings a resource type into a nested component`);
      }
      return scope.types.push(type);
    }
  }
}

function refuseInTypes(context: LinkContext, scope: Scope, sort: string): void {
  if (scope.kind === "type") context.fail(`a component or instance type aliases a ${sort}`);
}

function hasResource(context: LinkContext, type: TypeEntity): boolean {
  context.step();
  switch (type.kind) {
    case "value":
    case "func":
      return type.resource;
    case "resource":
      return true;
    case "component-type":
    case "instance-type":
      return type.declarations.some((each) => aliasesResource(context, type.outer, each, 0));
  }
}

/** Whether a declaration, `depth` types inside the one in question, refers to a resource outside. */
function aliasesResource(
  context: LinkContext,
  outer: OuterScope,
  declaration: Declaration,
  depth: number,
): boolean {
  if (declaration.kind === "type") {
    const { type } = declaration;
    if (type.kind !== "component-type" && type.kind !== "instance-type") return false;
    return type.declarations.some((each) => aliasesResource(context, outer, each, depth + 1));
  }
  if (declaration.kind !== "alias" || declaration.alias.kind !== "outer") return false;
  const { sort, count, index } = declaration.alias;
  if (sort !== "type" || count <= depth) return false;
  let target: OuterScope | undefined = outer;
  for (let left = count - depth - 1; left > 0; left--) target = target?.scope.outer;
  const type = target?.scope.types.items[index];
  return type !== undefined && hasResource(context, type);
}

/** Whether a component ends on the way out: its resources differ with each instantiation. */
function leavesComponent(scope: Scope, target: Scope): boolean {
  for (let at: Scope | undefined = scope; at !== undefined && at !== target; at = at.outer?.scope) {
    if (at.kind === "component") return true;
  }
  return false;
}
