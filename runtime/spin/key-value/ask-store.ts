import { errorText } from "../../error.ts";
import { err, ok, type Result } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import type { KeyValueContext, StoreHandle } from "./key-value-scope.ts";
import type { Awaitable, KeyValueStore } from "./key-value-store.ts";

/** `error` of fermyon:spin/key-value@2.0.0 and spin:key-value/key-value@3.0.0. */
export type StoreError =
  | {
      readonly tag: "store-table-full" | "no-such-store" | "access-denied";
      readonly val?: undefined;
    }
  | { readonly tag: "other"; readonly val: string };

type Question<A, B, T> = (store: KeyValueStore, a: A, b: B) => Awaitable<T>;

/**
 * Asks a store something and makes a WIT result of the answer; what the store throws becomes
 * `other` and a line in the log. The question is a function without a closure, as this happens
 * for each request.
 */
export function askStore<A, B, T>(
  context: KeyValueContext,
  handle: StoreHandle,
  question: Question<A, B, T>,
  a: A,
  b: B,
): Awaitable<Result<T, StoreError>> {
  try {
    const answer = question(handle.store, a, b);
    if (!(answer instanceof Promise)) return ok(answer);
    return answer.then(ok, (error: unknown) => storeFailure(context, handle, error));
  } catch (error) {
    return storeFailure(context, handle, error);
  }
}

/** The WIT error for what a store threw. */
export function storeFailure(
  context: KeyValueContext,
  handle: StoreHandle,
  error: unknown,
): { readonly tag: "err"; readonly val: StoreError } {
  const message = errorText(error);
  context.access.warn(`key-value store "${handle.label}" (${handle.store.summary}): ${message}`);
  return err({ tag: "other", val: message });
}

/** Questions, as functions that need no closure. */
export const questions = {
  get: (store: KeyValueStore, key: string) => store.get(key),
  set: (store: KeyValueStore, key: string, value: Uint8Array) => {
    if (value.byteLength > limits.bufferedBodyBytesMax) {
      throw new Error(`value exceeds limit of ${limits.bufferedBodyBytesMax} bytes`);
    }
    return store.set(key, value);
  },
  delete: (store: KeyValueStore, key: string) => store.delete(key),
  exists: (store: KeyValueStore, key: string) => store.exists(key),
  getKeys: (store: KeyValueStore) => store.getKeys(),
} as const;
