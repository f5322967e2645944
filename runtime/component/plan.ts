import type { CoreFuncType, FuncType, ValueType } from "./types.ts";

/**
 * A component with all its nested components and instances flattened: what to instantiate, in
 * which order, and what is wired to what. Made once per component by `linkComponent`; holds no
 * runtime state, so any number of instances can be made from it at the same time.
 */
export interface Plan {
  /** Core modules in order of first use; bytes are views into the component binary. */
  readonly modules: readonly Uint8Array<ArrayBuffer>[];
  /** What the host has to provide. Leaves only: functions and resource types. */
  readonly imports: readonly PlanImport[];
  readonly resources: readonly PlanResource[];
  /** Component instances: each has a handle table of its own. Index 0 is the root. */
  readonly componentInstances: readonly PlanComponentInstance[];
  /** Core instances in the order in which they have to be instantiated. */
  readonly coreInstances: readonly PlanCoreInstance[];
  readonly trampolines: readonly Trampoline[];
  readonly exports: ReadonlyMap<string, PlanExport>;
}

/**
 * One leaf of the root component's imports. `interfaceName` is the import's name as written
 * (`wasi:io/streams@0.2.3`), undefined when the function or type is imported by itself.
 */
export type PlanImport = {
  readonly interfaceName: string | undefined;
  readonly name: string;
  /** The component that imports it may not use it: the host answers so. */
  readonly denied?: true;
} & (
  | { readonly kind: "func"; readonly type: FuncType }
  /** Index into {@link Plan.resources}. */
  | { readonly kind: "resource"; readonly resource: number }
);

export type PlanResource =
  /** Defined by the host: the representation is a JavaScript object. */
  | { readonly kind: "import"; readonly import: number }
  /** Defined by a component instance: the representation is an i32. */
  | {
      readonly kind: "defined";
      readonly instance: number;
      readonly destructor: CoreItem | undefined;
    };

export interface PlanComponentInstance {
  /** The component instance that instantiated this one; undefined for the root. */
  readonly parent: number | undefined;
}

export interface PlanCoreInstance {
  /** Index into {@link Plan.modules}. */
  readonly module: number;
  /** Module name -> field name -> what to import there. */
  readonly imports: ReadonlyMap<string, ReadonlyMap<string, CoreItem>>;
}

/** A core function, memory, table or global (or tag). */
export type CoreItem =
  | { readonly kind: "export"; readonly instance: number; readonly name: string }
  /** Index into {@link Plan.trampolines}. */
  | { readonly kind: "trampoline"; readonly trampoline: number };

export type StringEncoding = "utf8" | "utf16" | "latin1+utf16";

/** Canonical options (CanonicalABI.md, `canonopt`). */
export interface CanonicalOptions {
  readonly stringEncoding: StringEncoding;
  readonly memory: CoreItem | undefined;
  readonly realloc: CoreItem | undefined;
  readonly postReturn: CoreItem | undefined;
  readonly async: boolean;
  readonly callback: CoreItem | undefined;
}

/** A component-level function: the host's, or a lifted core function. */
export type ComponentFunction =
  /** Index into {@link Plan.imports}, always of kind "func". */
  { readonly kind: "import"; readonly import: number; readonly type: FuncType } | LiftedFunction;

export interface LiftedFunction {
  readonly kind: "lift";
  readonly core: CoreItem;
  readonly type: FuncType;
  readonly options: CanonicalOptions;
  /** Component instance that the core function belongs to. */
  readonly instance: number;
}

/** A core function made by a canonical definition; `instance` is the component instance it serves. */
export type Trampoline =
  | {
      readonly kind: "lower";
      readonly function: ComponentFunction;
      readonly options: CanonicalOptions;
      readonly instance: number;
    }
  | { readonly kind: "resource.new"; readonly resource: number; readonly instance: number }
  | { readonly kind: "resource.rep"; readonly resource: number; readonly instance: number }
  | { readonly kind: "resource.drop"; readonly resource: number; readonly instance: number }
  /** Every other built-in (asynchronous component model). */
  | {
      readonly kind: "builtin";
      /** As in Explainer.md: `task.return`, `stream.new`, `context.get`, ... */
      readonly name: string;
      /** Type immediates: results of task.return, element of stream and future built-ins. */
      readonly type: ValueType | undefined;
      /** Numeric and flag immediates, in binary order. */
      readonly immediates: readonly number[];
      /** Of the functions that thread.new-indirect starts. */
      readonly coreType: CoreFuncType | undefined;
      /** That thread.new-indirect takes them from. */
      readonly table: CoreItem | undefined;
      /** Of the built-in itself. */
      readonly signature: CoreFuncType;
      readonly options: CanonicalOptions;
      readonly instance: number;
    };

export type PlanExport =
  | { readonly kind: "func"; readonly function: ComponentFunction }
  | { readonly kind: "instance"; readonly exports: ReadonlyMap<string, PlanExport> }
  | { readonly kind: "type"; readonly resource: number | undefined }
  | { readonly kind: "module"; readonly module: number }
  | { readonly kind: "component" };
