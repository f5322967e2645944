import { err, type Result } from "../../instance/host-interface.ts";
import type { StoreError } from "../key-value/ask-store.ts";

/** `error` of wasi:keyvalue/store. */
export type WasiStoreError =
  | { readonly tag: "no-such-store" | "access-denied"; readonly val?: undefined }
  | { readonly tag: "other"; readonly val: string };

/** A Spin error as one of WASI, which has no case for a full table. */
export function wasiError(error: StoreError): WasiStoreError {
  if (error.tag === "other") return error;
  if (error.tag === "store-table-full") return { tag: "other", val: "store table full" };
  return { tag: error.tag };
}

/** A result with its error as one of WASI. */
export function wasiResult<T>(result: Result<T, StoreError>): Result<T, WasiStoreError> {
  return result.tag === "ok" ? result : err(wasiError(result.val));
}
