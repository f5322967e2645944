import { WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import type {
  ComponentEntity,
  CoreEntity,
  CoreInstanceEntity,
  CoreTypeEntity,
  FunctionEntity,
  InstanceEntity,
  ModuleEntity,
  OuterScope,
  TypeEntity,
} from "./entities.ts";
import type { LinkContext } from "./link-context.ts";

/** One index space of a component or of a component or instance type. */
export class IndexSpace<T> {
  readonly items: T[] = [];
  readonly #context: LinkContext;
  readonly #name: string;

  constructor(context: LinkContext, name: string) {
    this.#context = context;
    this.#name = name;
  }

  push(item: T): void {
    if (this.items.length >= limits.indexSpaceItemsMax) {
      throw new WhorlError(
        "limit",
        `the component has more than ${limits.indexSpaceItemsMax} items of sort ${this.#name}`,
      );
    }
    this.items.push(item);
  }

  /** Throws `invalid` for an index out of range. */
  at(index: number, visible: number = this.items.length): T {
    const item = index < visible ? this.items[index] : undefined;
    return (
      item ??
      this.#context.fail(`${this.#name} ${index} does not exist, there are ${visible} so far`)
    );
  }
}

/** The index spaces of a component instance, or of a component or instance type being evaluated. */
export class Scope {
  readonly kind: "component" | "type";
  readonly outer: OuterScope | undefined;
  /** The component instance; for types the one that asks. */
  readonly instance: number;
  readonly coreFuncs: IndexSpace<CoreEntity>;
  readonly coreTables: IndexSpace<CoreEntity>;
  readonly coreMemories: IndexSpace<CoreEntity>;
  readonly coreGlobals: IndexSpace<CoreEntity>;
  readonly coreTags: IndexSpace<CoreEntity>;
  readonly coreTypes: IndexSpace<CoreTypeEntity>;
  readonly coreInstances: IndexSpace<CoreInstanceEntity>;
  readonly modules: IndexSpace<ModuleEntity>;
  readonly funcs: IndexSpace<FunctionEntity>;
  readonly types: IndexSpace<TypeEntity>;
  readonly components: IndexSpace<ComponentEntity>;
  readonly instances: IndexSpace<InstanceEntity>;

  constructor(
    context: LinkContext,
    kind: "component" | "type",
    instance: number,
    outer: OuterScope | undefined,
  ) {
    this.kind = kind;
    this.outer = outer;
    this.instance = instance;
    this.coreFuncs = new IndexSpace(context, "core function");
    this.coreTables = new IndexSpace(context, "core table");
    this.coreMemories = new IndexSpace(context, "core memory");
    this.coreGlobals = new IndexSpace(context, "core global");
    this.coreTags = new IndexSpace(context, "core tag");
    this.coreTypes = new IndexSpace(context, "core type");
    this.coreInstances = new IndexSpace(context, "core instance");
    this.modules = new IndexSpace(context, "core module");
    this.funcs = new IndexSpace(context, "function");
    this.types = new IndexSpace(context, "type");
    this.components = new IndexSpace(context, "component");
    this.instances = new IndexSpace(context, "instance");
  }

  /** This scope as seen by what is written in it here. */
  snapshot(): OuterScope {
    return {
      scope: this,
      types: this.types.items.length,
      coreTypes: this.coreTypes.items.length,
      modules: this.modules.items.length,
      components: this.components.items.length,
    };
  }
}
