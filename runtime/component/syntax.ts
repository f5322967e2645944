import type { CoreDefType, CoreExternType, CoreModuleType } from "./core-types.ts";
import type { StringEncoding } from "./plan.ts";
import type { CoreValueType, PrimitiveKind } from "./types.ts";

/**
 * The component binary as it is written (Binary.md): definitions in their order, indices not yet
 * looked up. Names have been checked by the decoder.
 */
export interface ComponentSyntax {
  readonly definitions: readonly Definition[];
}

/** Position in the file, for messages. */
interface Located {
  readonly offset: number;
}

export type Definition = Located &
  (
    | { readonly kind: "core-module"; readonly module: CoreModuleSyntax }
    | { readonly kind: "core-instance"; readonly expression: CoreInstanceSyntax }
    | { readonly kind: "core-type"; readonly type: CoreTypeSyntax }
    | { readonly kind: "component"; readonly component: ComponentSyntax }
    | { readonly kind: "instance"; readonly expression: InstanceSyntax }
    | { readonly kind: "alias"; readonly alias: AliasSyntax }
    | { readonly kind: "type"; readonly type: TypeSyntax }
    | { readonly kind: "canon"; readonly canon: CanonSyntax }
    | { readonly kind: "start"; readonly func: number }
    | { readonly kind: "import"; readonly name: string; readonly type: ExternTypeSyntax }
    | {
        readonly kind: "export";
        readonly name: string;
        readonly item: SortIndex;
        readonly type: ExternTypeSyntax | undefined;
      }
  );

/** What a component type or an instance type is made of. */
export type Declaration = Located &
  (
    | { readonly kind: "core-type"; readonly type: CoreTypeSyntax }
    | { readonly kind: "type"; readonly type: TypeSyntax }
    | { readonly kind: "alias"; readonly alias: AliasSyntax }
    | { readonly kind: "import"; readonly name: string; readonly type: ExternTypeSyntax }
    | { readonly kind: "export-type"; readonly name: string; readonly type: ExternTypeSyntax }
  );

export interface CoreModuleSyntax {
  /** A view into the file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: CoreModuleType;
}

export type CoreSort =
  | "func"
  | "table"
  | "memory"
  | "global"
  | "tag"
  | "type"
  | "module"
  | "instance";

export type Sort = "core-module" | "func" | "value" | "type" | "component" | "instance";

export interface CoreSortIndex {
  readonly sort: CoreSort;
  readonly index: number;
}

export interface SortIndex {
  readonly sort: Sort;
  readonly index: number;
}

export type CoreInstanceSyntax =
  | {
      readonly kind: "instantiate";
      readonly module: number;
      /** Name to core instance. */
      readonly args: ReadonlyMap<string, number>;
    }
  | { readonly kind: "exports"; readonly exports: ReadonlyMap<string, CoreSortIndex> };

export type InstanceSyntax =
  | {
      readonly kind: "instantiate";
      readonly component: number;
      readonly args: ReadonlyMap<string, SortIndex>;
    }
  | { readonly kind: "exports"; readonly exports: ReadonlyMap<string, SortIndex> };

export type AliasSyntax =
  | {
      readonly kind: "export";
      readonly sort: Sort;
      readonly instance: number;
      readonly name: string;
    }
  | {
      readonly kind: "core-export";
      readonly sort: CoreSort;
      readonly instance: number;
      readonly name: string;
    }
  | {
      readonly kind: "outer";
      readonly sort: "core-module" | "core-type" | "type" | "component";
      /** Scopes to go outward; 0 is the current one. */
      readonly count: number;
      readonly index: number;
    };

export type CoreTypeSyntax =
  /** One entry of the section; a recursion group gives several types. */
  | { readonly kind: "types"; readonly types: readonly CoreDefType[] }
  | { readonly kind: "module"; readonly declarations: readonly ModuleDeclaration[] };

/** Imports and exports carry function types by index until the module type is resolved. */
export type ModuleDeclaration =
  | { readonly kind: "type"; readonly types: readonly CoreDefType[] }
  | { readonly kind: "outer-type"; readonly count: number; readonly index: number }
  | {
      readonly kind: "import";
      readonly module: string;
      readonly name: string;
      readonly type: CoreExternSyntax;
    }
  | { readonly kind: "export"; readonly name: string; readonly type: CoreExternSyntax };

export type CoreExternSyntax =
  | { readonly kind: "type-index"; readonly sort: "func" | "tag"; readonly index: number }
  | { readonly kind: "type"; readonly type: CoreExternType };

/** A primitive, or an index into the type index space. */
export type ValueTypeRef = PrimitiveKind | number;

export interface LabelSyntax {
  readonly name: string;
  readonly type: ValueTypeRef;
}

export interface CaseSyntax {
  readonly name: string;
  readonly type: ValueTypeRef | undefined;
}

/** `defvaltype`. */
export type ValueTypeSyntax =
  | { readonly kind: "primitive"; readonly primitive: PrimitiveKind }
  | { readonly kind: "record"; readonly fields: readonly LabelSyntax[] }
  | { readonly kind: "variant"; readonly cases: readonly CaseSyntax[] }
  | {
      readonly kind: "list";
      readonly element: ValueTypeRef;
      readonly length: number | undefined;
    }
  | { readonly kind: "tuple"; readonly items: readonly ValueTypeRef[] }
  | { readonly kind: "flags"; readonly names: readonly string[] }
  | { readonly kind: "enum"; readonly names: readonly string[] }
  | { readonly kind: "option"; readonly some: ValueTypeRef }
  | {
      readonly kind: "result";
      readonly ok: ValueTypeRef | undefined;
      readonly err: ValueTypeRef | undefined;
    }
  | { readonly kind: "own" | "borrow"; readonly resource: number }
  | { readonly kind: "stream" | "future"; readonly element: ValueTypeRef | undefined }
  | { readonly kind: "map"; readonly key: ValueTypeRef; readonly value: ValueTypeRef };

/** `deftype`. */
export type TypeSyntax =
  | ValueTypeSyntax
  | FuncTypeSyntax
  | { readonly kind: "component-type"; readonly declarations: readonly Declaration[] }
  | { readonly kind: "instance-type"; readonly declarations: readonly Declaration[] }
  | { readonly kind: "resource"; readonly destructor: number | undefined };

export interface FuncTypeSyntax {
  readonly kind: "func";
  readonly params: readonly LabelSyntax[];
  readonly result: ValueTypeRef | undefined;
  readonly async: boolean;
}

/** `externtype`: what an import or export is. */
export type ExternTypeSyntax =
  | { readonly kind: "core-module"; readonly index: number }
  | { readonly kind: "func"; readonly index: number }
  | { readonly kind: "value" }
  /** The same type as the one at `index`. */
  | { readonly kind: "type-eq"; readonly index: number }
  | { readonly kind: "type-resource" }
  | { readonly kind: "component"; readonly index: number }
  | { readonly kind: "instance"; readonly index: number };

/** Canonical options; indices into the core index spaces. */
export interface OptionsSyntax {
  readonly stringEncoding: StringEncoding;
  readonly memory: number | undefined;
  readonly realloc: number | undefined;
  readonly postReturn: number | undefined;
  readonly async: boolean;
  readonly callback: number | undefined;
}

export type CanonSyntax =
  | {
      readonly kind: "lift";
      readonly core: number;
      readonly options: OptionsSyntax;
      readonly type: number;
    }
  | { readonly kind: "lower"; readonly func: number; readonly options: OptionsSyntax }
  | {
      readonly kind: "resource.new" | "resource.drop" | "resource.rep";
      readonly resource: number;
    }
  | BuiltinSyntax;

/** Every other built-in of Explainer.md, "Canonical Built-ins". */
export interface BuiltinSyntax {
  readonly kind: "builtin";
  readonly name: string;
  /** Numbers and flags in binary order. */
  readonly immediates: readonly number[];
  readonly options: OptionsSyntax | undefined;
  /** Index of the stream or future type. */
  readonly type: number | undefined;
  /** Results of task.return. */
  readonly result: ValueTypeRef | undefined;
  /** Type of context.get and context.set. */
  readonly value: CoreValueType | undefined;
  /** Index of the core function type of a thread built-in. */
  readonly coreType: number | undefined;
  readonly memory: number | undefined;
  readonly table: number | undefined;
}
