import { WhorlError } from "../error.ts";
import type {
  ComponentEntity,
  Entity,
  FuncEntity,
  InstanceEntity,
  ModuleEntity,
  TypeClosure,
  TypeEntity,
} from "./entities.ts";
import { checkAnnotatedName, type ResourceNames } from "./annotated-name.ts";
import { addEntity, evaluateAlias } from "./evaluate-alias.ts";
import { evaluateCoreType } from "./evaluate-core.ts";
import { evaluateType, funcTypeAt } from "./evaluate-types.ts";
import type { LinkContext } from "./link-context.ts";
import { type HostSource, importResource, isDenied } from "./host-import.ts";
import { checkModule } from "./module-match.ts";
import { Scope } from "./scope.ts";
import type { Declaration, ExternTypeSyntax } from "./syntax.ts";
import { isSameFuncType, isSameType } from "./type-match.ts";
import { renamed } from "./value-entity.ts";
import { VisibleTypes } from "./visible-types.ts";

/** Where the thing behind a declared import or export comes from. */
export type Source =
  /** It was given and has to fit the declaration. `path` names it in messages. */
  | {
      readonly kind: "given";
      readonly entity: Entity;
      readonly path: string;
      /**
       * It comes from a component that is composed with this one: types are told apart as where
       * they are declared, as if the host had made them.
       */
      readonly isComposed?: boolean;
      /**
       * It is known to fit; of its types only what is declared shows from now on, as those of an
       * export do that has a type ascribed to it.
       */
      readonly isAscribed?: boolean;
    }
  /** It is made: the host will provide it. `interfaceName` is undefined at the top level. */
  | HostSource;

/**
 * The entity that a declaration stands for in `scope`: what was given, seen as declared, or new
 * imports of the plan. Throws `invalid` when what was given does not fit, `unsupported` when the
 * host would have to provide a module or component.
 */
export function bindExtern(
  context: LinkContext,
  scope: Scope,
  syntax: ExternTypeSyntax,
  source: Source,
): Entity {
  context.step();
  switch (syntax.kind) {
    case "func":
      return bindFunc(context, funcTypeAt(context, scope, syntax.index), source);
    case "type-eq":
      return bindSameType(context, scope.types.at(syntax.index), source);
    case "type-resource":
      return bindResource(context, source);
    case "instance":
      return bindInstance(context, scope, closureAt(context, scope, syntax), source);
    case "component":
      return bindComponent(context, scope, closureAt(context, scope, syntax), source);
    case "core-module":
      return bindModule(context, scope, syntax.index, source);
    case "value":
      throw new WhorlError(
        "unsupported",
        "the component imports or exports a value: values are not supported",
      );
  }
}

function closureAt(
  context: LinkContext,
  scope: Scope,
  { kind, index }: { readonly kind: "instance" | "component"; readonly index: number },
): TypeClosure {
  const type = scope.types.at(index);
  if (type.kind === `${kind}-type`) return type as TypeClosure;
  return context.fail(`type ${index} is a ${type.kind} and not a type of ${kind}s`);
}

function wrongSort(
  context: LinkContext,
  source: { path: string; entity: Entity },
  sort: string,
): never {
  return context.fail(`${source.path} is a ${source.entity.kind} where a ${sort} is needed`);
}

function bindFunc(context: LinkContext, type: FuncEntity, source: Source): Entity {
  if (source.kind === "given") {
    const { entity, path } = source;
    if (entity.kind !== "func") return wrongSort(context, source, "func");
    const fits = source.isAscribed === true || isSameFuncType(context, entity.type, type);
    if (fits) return { ...entity, type };
    return context.fail(`${path} has another function type than declared`);
  }
  const { interfaceName, name } = source;
  const index = context.plan.addImport({
    kind: "func",
    interfaceName,
    name,
    ...(isDenied(source) && { denied: true }),
    type: type.type,
  });
  return { kind: "func", type, function: { kind: "import", import: index, type: type.type } };
}

function bindSameType(context: LinkContext, type: TypeEntity, source: Source): Entity {
  if (source.kind === "given") {
    if (source.entity.kind !== "type") return wrongSort(context, source, "type");
    if (!isSameType(context, source.entity.type, type)) {
      if (source.isAscribed === true) return { kind: "type", type };
      context.fail(`${source.path} is another type than declared`);
    }
    if (source.isComposed !== true) return source.entity;
  }
  return { kind: "type", type: renamed(type) };
}

function bindResource(context: LinkContext, source: Source): Entity {
  if (source.kind === "given") {
    if (source.entity.kind !== "type") return wrongSort(context, source, "type");
    const { type } = source.entity;
    if (type.kind !== "resource") {
      return context.fail(`${source.path} is a ${type.kind} and not a resource type`);
    }
    if (source.isAscribed !== true) return source.entity;
    return { kind: "type", type: { ...type, identity: {}, opaque: {} } };
  }
  const resource = importResource(context, source);
  return { kind: "type", type: { kind: "resource", resource, identity: {} } };
}

function bindInstance(
  context: LinkContext,
  scope: Scope,
  closure: TypeClosure,
  source: Source,
): InstanceEntity {
  if (source.kind === "given" && source.entity.kind !== "instance") {
    return wrongSort(context, source, "instance");
  }
  const inner = source.kind === "given" ? source : withInterface(source);
  return context.nested(() =>
    evaluateClosure(context, scope.instance, closure, { exports: inner }),
  );
}

/** Exports of an imported instance belong to the interface of its name. */
function withInterface({ interfaceName, name, importer }: HostSource): Source {
  const path = interfaceName === undefined ? name : `${interfaceName}/${name}`;
  return { kind: "host", interfaceName: path, name: "", importer };
}

/** What the imports and exports of a component or instance type are bound to. */
interface Bindings {
  /** An instance, or the host. */
  readonly exports: Source | (() => Source);
  /** Hears of each import of a component type, bound to a new entity. */
  readonly onImport?: (name: string, entity: Entity) => void;
  /** What imports are bound to; made by the host when absent. */
  readonly imports?: ReadonlyMap<string, Entity>;
}

/** Evaluates the declarations of a component or instance type; returns its exports as bound. */
function evaluateClosure(
  context: LinkContext,
  instance: number,
  closure: TypeClosure,
  bindings: Bindings,
): InstanceEntity {
  context.evaluated.add(closure.declarations);
  const scope = new Scope(context, "type", instance, closure.outer);
  const exports = new Map<string, Entity>();
  const importNames: ResourceNames = new Map();
  const exportNames: ResourceNames = new Map();
  // An instance type is looked at where it is used; what is given has been looked at.
  const isOpen = closure.kind === "component-type" && bindings.exports === hostSource;
  const visible = isOpen ? new VisibleTypes(context) : undefined;
  for (const declaration of closure.declarations) {
    context.offset = declaration.offset;
    context.step();
    if (declaration.kind === "import") {
      const entity = bindImport(context, scope, declaration, bindings);
      visible?.addImport(declaration.name, entity);
      checkAnnotatedName(context, importNames, declaration.name, entity);
      addEntity(scope, entity);
    } else if (declaration.kind === "export-type") {
      const source = sourceOf(bindings.exports);
      const entity = bindExport(context, scope, declaration, source);
      visible?.addExport(declaration.name, entity);
      checkAnnotatedName(context, exportNames, declaration.name, entity);
      addEntity(scope, entity);
      exports.set(declaration.name, entity);
    } else {
      declare(context, scope, declaration);
    }
  }
  checkUnusedTypes(context, scope);
  return { kind: "instance", exports };
}

function sourceOf(exports: Source | (() => Source)): Source {
  return typeof exports === "function" ? exports() : exports;
}

type NamedDeclaration = Declaration & { kind: "import" | "export-type" };

function bindImport(
  context: LinkContext,
  scope: Scope,
  { name, type }: NamedDeclaration,
  { imports, onImport }: Bindings,
): Entity {
  if (imports === undefined) {
    const entity = bindExtern(context, scope, type, {
      kind: "host",
      interfaceName: undefined,
      name,
    });
    onImport?.(name, entity);
    return entity;
  }
  const entity = imports.get(name);
  if (entity === undefined) return missing(context, name);
  return bindExtern(context, scope, type, { kind: "given", entity, path: JSON.stringify(name) });
}

/** Throws for an argument that an instantiation lacks. */
export function missing(context: LinkContext, name: string): never {
  return context.fail(`a component is instantiated without its import ${JSON.stringify(name)}`);
}

function bindExport(
  context: LinkContext,
  scope: Scope,
  { name, type }: NamedDeclaration,
  source: Source,
): Entity {
  if (source.kind === "host") return bindExtern(context, scope, type, { ...source, name });
  const instance = source.entity;
  const path = `${source.path} ${JSON.stringify(name)}`;
  const entity = instance.kind === "instance" ? instance.exports.get(name) : undefined;
  if (entity === undefined) return context.fail(`${path} is missing`);
  return bindExtern(context, scope, type, { ...source, entity, path });
}

function declare(
  context: LinkContext,
  scope: Scope,
  declaration: Exclude<Declaration, { kind: "import" | "export-type" }>,
): void {
  switch (declaration.kind) {
    case "core-type":
      for (const type of evaluateCoreType(context, scope, declaration.type)) {
        scope.coreTypes.push(type);
      }
      return;
    case "type":
      if (declaration.type.kind === "resource") {
        context.fail("a component or instance type defines a resource");
      } else {
        scope.types.push(evaluateType(context, scope, declaration.type));
      }
      return;
    case "alias":
      evaluateAlias(context, scope, declaration.alias);
  }
}

/** Component and instance types are evaluated where they are used; the others are checked here. */
export function checkUnusedTypes(context: LinkContext, scope: Scope): void {
  for (const type of scope.types.items) {
    if (type.kind !== "component-type" && type.kind !== "instance-type") continue;
    if (context.evaluated.has(type.declarations)) continue;
    context.check(() => {
      evaluateClosure(context, scope.instance, type, { exports: hostSource });
    });
  }
}

/** The instance that an imported or exported type describes; undefined for other types. */
export function describedInstance(
  context: LinkContext,
  scope: Scope,
  entity: Entity,
): InstanceEntity | undefined {
  if (entity.kind !== "type" || entity.type.kind !== "instance-type") return undefined;
  const { type } = entity;
  let instance: InstanceEntity | undefined;
  context.check(() => {
    instance = bindInstance(context, scope, type, hostSource);
  });
  return instance;
}

const hostSource: Source = { kind: "host", interfaceName: undefined, name: "" };

function bindComponent(
  context: LinkContext,
  scope: Scope,
  closure: TypeClosure,
  source: Source,
): ComponentEntity {
  if (source.kind === "host") {
    if (context.checking) return { kind: "component", syntax: undefined, type: closure };
    throw new WhorlError(
      "unsupported",
      `the component imports ${JSON.stringify(source.name)}, a component: a host can only provide functions and resources`,
    );
  }
  const { entity, path } = source;
  if (entity.kind !== "component") return wrongSort(context, source, "component");
  context.check(() => checkConforms(context, scope.instance, entity, { closure, path }));
  return entity;
}

/**
 * A component fits a component type when it can be instantiated with what the type promises to
 * import and then exports what the type promises to export.
 */
function checkConforms(
  context: LinkContext,
  instance: number,
  component: ComponentEntity,
  wanted: { readonly closure: TypeClosure; readonly path: string },
): void {
  const args = new Map<string, Entity>();
  let exports: Source | undefined;
  evaluateClosure(context, instance, wanted.closure, {
    onImport: (name, entity) => args.set(name, entity),
    exports: () => {
      exports ??= {
        kind: "given",
        entity: context.instantiate(context, component, args, instance),
        path: wanted.path,
      };
      return exports;
    },
  });
  // Without exports the imports have to fit all the same.
  if (exports === undefined) context.instantiate(context, component, args, instance);
}

/** Instantiates a component of which only the type is known, while checking. */
export function instantiateType(
  context: LinkContext,
  closure: TypeClosure,
  args: ReadonlyMap<string, Entity>,
  parent: number,
): InstanceEntity {
  return context.nested(() =>
    evaluateClosure(context, parent, closure, { imports: args, exports: hostSource }),
  );
}

function bindModule(
  context: LinkContext,
  scope: Scope,
  index: number,
  source: Source,
): ModuleEntity {
  const type = scope.coreTypes.at(index);
  if (type.kind !== "module") return context.fail(`core type ${index} is not of a module`);
  if (source.kind === "host") {
    if (context.checking) return { kind: "core-module", bytes: undefined, type: type.type };
    throw new WhorlError(
      "unsupported",
      `the component imports ${JSON.stringify(source.name)}, a core module: a host can only provide functions and resources`,
    );
  }
  const { entity, path } = source;
  if (entity.kind !== "core-module") return wrongSort(context, source, "core module");
  checkModule(context, entity.type, type.type, path);
  return { kind: "core-module", bytes: entity.bytes, type: type.type };
}
