/**
 * Component-model types after resolution: no indices into type spaces are left, resources are
 * indices into {@link Plan.resources}. Structurally equal types may be distinct objects.
 */

export type PrimitiveKind =
  | "bool"
  | "s8"
  | "u8"
  | "s16"
  | "u16"
  | "s32"
  | "u32"
  | "s64"
  | "u64"
  | "f32"
  | "f64"
  | "char"
  | "string"
  | "error-context";

export interface NamedType {
  readonly name: string;
  readonly type: ValueType;
}

export interface VariantCase {
  readonly name: string;
  readonly type: ValueType | undefined;
}

export type ValueType =
  | { readonly kind: PrimitiveKind }
  /** `length` is set for fixed-length lists. */
  | { readonly kind: "list"; readonly element: ValueType; readonly length: number | undefined }
  | { readonly kind: "record"; readonly fields: readonly NamedType[] }
  | { readonly kind: "variant"; readonly cases: readonly VariantCase[] }
  | { readonly kind: "tuple"; readonly items: readonly ValueType[] }
  | { readonly kind: "flags"; readonly names: readonly string[] }
  | { readonly kind: "enum"; readonly names: readonly string[] }
  | { readonly kind: "option"; readonly some: ValueType }
  | {
      readonly kind: "result";
      readonly ok: ValueType | undefined;
      readonly err: ValueType | undefined;
    }
  /** `opaque` is for the linker only (ResourceEntity). */
  | { readonly kind: "own"; readonly resource: number; readonly opaque?: object }
  | { readonly kind: "borrow"; readonly resource: number; readonly opaque?: object }
  | { readonly kind: "stream"; readonly element: ValueType | undefined }
  | { readonly kind: "future"; readonly element: ValueType | undefined };

export interface FuncType {
  readonly params: readonly NamedType[];
  readonly result: ValueType | undefined;
  /** Declared `async` (WASI 0.3). */
  readonly async: boolean;
}

export type CoreValueType = "i32" | "i64" | "f32" | "f64" | "v128" | "funcref" | "externref";

export interface CoreFuncType {
  readonly params: readonly CoreValueType[];
  readonly results: readonly CoreValueType[];
}
