import type { CoreExternType, CoreModuleType, CoreDefType } from "./core-types.ts";
import type { ComponentFunction, CoreItem } from "./plan.ts";
import type { Scope } from "./scope.ts";
import type { ComponentSyntax, Declaration } from "./syntax.ts";
import type { CoreValueType, FuncType, ValueType } from "./types.ts";

/** A value type and what validation has to know of it, computed from its parts once. */
export interface ValueEntity {
  readonly kind: "value";
  readonly type: ValueType;
  /** Types in it, counted once per use: what walking over it costs. */
  readonly nodes: number;
  /** Types inside types. */
  readonly depth: number;
  /** Bytes with 64-bit pointers, the larger of the two (Binary.md, bound of `elem_size`). */
  readonly size: number;
  readonly align: number;
  /** Core values when passed without memory; undefined when more than any function takes. */
  readonly flat: readonly CoreValueType[] | undefined;
  /** Holds lists or strings: passing it takes memory. */
  readonly pointers: boolean;
  readonly borrow: boolean;
  /** Holds handles, streams or futures of resources. */
  readonly resource: boolean;
  /** Of streams and futures that carry something. */
  readonly element?: ValueEntity;
  /** Types that have to be imported or exported where a function of this type is. */
  readonly needs: ReadonlySet<TypeIdentity>;
  /** Types that have to be imported or exported where this type itself is. */
  readonly parts: ReadonlySet<TypeIdentity>;
}

/** Tells apart types that are equal but have been named apart (Explainer.md, type visibility). */
export type TypeIdentity = object;

/** A function type and what validation has to know of it. */
export interface FuncEntity {
  readonly kind: "func";
  readonly type: FuncType;
  /** Of all parameters; undefined when more than any function takes. */
  readonly params: readonly CoreValueType[] | undefined;
  readonly results: readonly CoreValueType[] | undefined;
  readonly paramPointers: boolean;
  readonly resultPointers: boolean;
  readonly resource: boolean;
  /** As of values. */
  readonly needs: ReadonlySet<TypeIdentity>;
}

/** Declarations and the scope that they were written in, for evaluation at each use. */
export interface TypeClosure {
  readonly kind: "component-type" | "instance-type";
  readonly declarations: readonly Declaration[];
  readonly outer: OuterScope;
}

export type TypeEntity =
  | ValueEntity
  | FuncEntity
  /** Index into the plan's resources. */
  | ResourceEntity
  | TypeClosure;

export interface ResourceEntity {
  readonly kind: "resource";
  readonly resource: number;
  readonly identity: TypeIdentity;
  /**
   * Set where an export was ascribed `(sub resource)`: the type is then another one than that which
   * it was made from, though handles of both are the same at run time (Explainer.md, "Type
   * Checking").
   */
  readonly opaque?: TypeIdentity;
}

/** An enclosing scope as it was when something inside it was written: later items are unseen. */
export interface OuterScope {
  readonly scope: Scope;
  readonly types: number;
  readonly coreTypes: number;
  readonly modules: number;
  readonly components: number;
}

export type CoreTypeEntity =
  | CoreDefType
  | { readonly kind: "module"; readonly type: CoreModuleType };

/** A core function, table, memory, global or tag. */
export interface CoreEntity {
  readonly item: CoreItem;
  readonly type: CoreExternType;
}

export type CoreInstanceEntity =
  | {
      readonly kind: "module";
      /** Index into the plan's core instances. */
      readonly instance: number;
      readonly exports: ReadonlyMap<string, CoreExternType>;
    }
  | { readonly kind: "inline"; readonly exports: ReadonlyMap<string, CoreEntity> };

/** A core module; without bytes when it is only known by its type, while checking. */
export interface ModuleEntity {
  readonly kind: "core-module";
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  readonly type: CoreModuleType;
}

export interface FunctionEntity {
  readonly kind: "func";
  readonly function: ComponentFunction;
  readonly type: FuncEntity;
}

export interface InstanceEntity {
  readonly kind: "instance";
  readonly exports: ReadonlyMap<string, Entity>;
}

export type ComponentEntity =
  | {
      readonly kind: "component";
      readonly syntax: ComponentSyntax;
      readonly outer: OuterScope | undefined;
    }
  /** Only known by its type, while checking. */
  | { readonly kind: "component"; readonly syntax: undefined; readonly type: TypeClosure };

/** What a component can import, export, alias and pass on. */
export type Entity =
  | FunctionEntity
  | InstanceEntity
  | ComponentEntity
  | ModuleEntity
  | { readonly kind: "type"; readonly type: TypeEntity };
