import type { CoreExternType, CoreImport, CoreModuleType } from "./core-types.ts";
import type {
  CoreEntity,
  CoreInstanceEntity,
  CoreTypeEntity,
  ModuleEntity,
  OuterScope,
} from "./entities.ts";
import type { LinkContext } from "./link-context.ts";
import type { CoreItem } from "./plan.ts";
import type { IndexSpace, Scope } from "./scope.ts";
import type {
  CoreExternSyntax,
  CoreInstanceSyntax,
  CoreSort,
  CoreSortIndex,
  CoreTypeSyntax,
  ModuleDeclaration,
} from "./syntax.ts";
import { matchesCoreType } from "./type-match.ts";
import type { CoreFuncType } from "./types.ts";

/** The types that one entry of a core type section defines. Throws `invalid`. */
export function evaluateCoreType(
  context: LinkContext,
  scope: Scope,
  syntax: CoreTypeSyntax,
): readonly CoreTypeEntity[] {
  if (syntax.kind === "types") return syntax.types;
  return [{ kind: "module", type: evaluateModuleType(context, scope, syntax.declarations) }];
}

function evaluateModuleType(
  context: LinkContext,
  scope: Scope,
  declarations: readonly ModuleDeclaration[],
): CoreModuleType {
  const types: CoreTypeEntity[] = [];
  const imports: CoreImport[] = [];
  const names = new Set<string>();
  const exports = new Map<string, CoreExternType>();
  for (const declaration of declarations) {
    context.step();
    switch (declaration.kind) {
      case "type":
        types.push(...declaration.types);
        break;
      case "outer-type":
        types.push(outerCoreType(context, scope, declaration.count, declaration.index));
        break;
      case "import": {
        const { module, name } = declaration;
        const key = `${module}\0${name}`;
        if (names.has(key)) context.fail(`a core module type imports ${module} ${name} twice`);
        names.add(key);
        imports.push({ module, name, type: externType(context, types, declaration.type) });
        break;
      }
      case "export":
        if (exports.has(declaration.name)) {
          context.fail(`a core module type has two exports ${JSON.stringify(declaration.name)}`);
        }
        exports.set(declaration.name, externType(context, types, declaration.type));
    }
  }
  return { imports, exports };
}

/** The module type itself is scope 0. */
function outerCoreType(
  context: LinkContext,
  scope: Scope,
  count: number,
  index: number,
): CoreTypeEntity {
  if (count === 0) return context.fail("an alias in a core module type to that type itself");
  const outer = outerScope(context, scope, count - 1);
  const type = outer.scope.coreTypes.at(index, outer.coreTypes);
  return type.kind === "module" ? context.fail("a module type inside a module type") : type;
}

/** The scope `count` levels out, as it was when this one began. Throws `invalid`. */
export function outerScope(context: LinkContext, scope: Scope, count: number): OuterScope {
  let outer = scope.snapshot();
  for (let level = 0; level < count; level++) {
    const next = outer.scope.outer;
    if (next === undefined) return context.fail(`an outer alias goes ${count} scopes out`);
    outer = next;
  }
  return outer;
}

function externType(
  context: LinkContext,
  types: readonly CoreTypeEntity[],
  syntax: CoreExternSyntax,
): CoreExternType {
  if (syntax.kind === "type") return syntax.type;
  const type = types[syntax.index];
  if (type?.kind === "func") return { kind: syntax.sort, type: type.type };
  return context.fail(`core type ${syntax.index} of a module type is not a function type`);
}

/** The core function type that an index means. */
export function coreFuncTypeAt(context: LinkContext, scope: Scope, index: number): CoreFuncType {
  const type = scope.coreTypes.at(index);
  return type.kind === "func" ? type.type : context.fail(`core type ${index} is not of a function`);
}

/** Instantiates a core module, or names items as an instance. Throws `invalid`. */
export function evaluateCoreInstance(
  context: LinkContext,
  scope: Scope,
  syntax: CoreInstanceSyntax,
): CoreInstanceEntity {
  if (syntax.kind === "exports") {
    const exports = new Map<string, CoreEntity>();
    for (const [name, item] of syntax.exports) {
      context.step();
      exports.set(name, coreItemAt(context, scope, item));
    }
    return { kind: "inline", exports };
  }
  const module = scope.modules.at(syntax.module);
  const args = new Map<string, CoreInstanceEntity>();
  context.step(syntax.args.size);
  for (const [name, index] of syntax.args) args.set(name, scope.coreInstances.at(index));
  return instantiateModule(context, module, args);
}

function coreItemAt(context: LinkContext, scope: Scope, item: CoreSortIndex): CoreEntity {
  return coreSpace(context, scope, item.sort).at(item.index);
}

/** The index space of a sort of core items. */
export function coreSpace(
  context: LinkContext,
  scope: Scope,
  sort: CoreSort,
): IndexSpace<CoreEntity> {
  switch (sort) {
    case "func":
      return scope.coreFuncs;
    case "table":
      return scope.coreTables;
    case "memory":
      return scope.coreMemories;
    case "global":
      return scope.coreGlobals;
    case "tag":
      return scope.coreTags;
    default:
      return context.fail(`a core instance exports no ${sort}`);
  }
}

function instantiateModule(
  context: LinkContext,
  module: ModuleEntity,
  args: ReadonlyMap<string, CoreInstanceEntity>,
): CoreInstanceEntity {
  const imports = new Map<string, Map<string, CoreItem>>();
  context.step(module.type.imports.length);
  for (const wanted of module.type.imports) {
    const given = argumentFor(context, args, wanted);
    let fields = imports.get(wanted.module);
    if (fields === undefined) {
      fields = new Map();
      imports.set(wanted.module, fields);
    }
    fields.set(wanted.name, given.item);
  }
  const index = module.bytes === undefined ? -1 : context.plan.addModule(module.bytes);
  const instance = context.plan.addCoreInstance({ module: index, imports });
  return { kind: "module", instance, exports: module.type.exports };
}

function argumentFor(
  context: LinkContext,
  args: ReadonlyMap<string, CoreInstanceEntity>,
  { module, name, type }: CoreImport,
): CoreEntity {
  const instance = args.get(module);
  if (instance === undefined) {
    return context.fail(
      `a core module is instantiated without its import ${JSON.stringify(module)}`,
    );
  }
  const given = coreExport(instance, name);
  const path = `${JSON.stringify(module)} ${JSON.stringify(name)}`;
  if (given === undefined) {
    return context.fail(`a core module is instantiated without its import ${path}`);
  }
  if (!matchesCoreType(given.type, type)) {
    context.fail(
      `a core module imports ${path} as another ${type.kind} than it is given (${given.type.kind})`,
    );
  }
  return given;
}

/** An export of a core instance; undefined when it has none of that name. */
export function coreExport(instance: CoreInstanceEntity, name: string): CoreEntity | undefined {
  if (instance.kind === "inline") return instance.exports.get(name);
  const type = instance.exports.get(name);
  if (type === undefined) return undefined;
  return { item: { kind: "export", instance: instance.instance, name }, type };
}
