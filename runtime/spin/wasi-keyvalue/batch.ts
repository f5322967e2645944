import { type HostInterface, ok, type Result } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import type { KeyValueScope, StoreHandle } from "../key-value/key-value-scope.ts";
import type { Awaitable, KeyValuePair, KeyValueStore } from "../key-value/key-value-store.ts";
import { askBucket, wasiKeyvalueVersion } from "./store.ts";
import type { WasiStoreError } from "./wasi-error.ts";

type Answer<T> = Awaitable<Result<T, WasiStoreError>>;

const batchQuestions = {
  getMany: (store: KeyValueStore, keys: readonly string[]) => store.getMany(keys),
  setMany: (store: KeyValueStore, pairs: readonly (readonly [string, Uint8Array])[]) => {
    const bytes = pairs.reduce((sum, [, value]) => sum + value.byteLength, 0);
    if (bytes > limits.bufferedBodyBytesMax) {
      throw new Error(`values exceed limit of ${limits.bufferedBodyBytesMax} bytes`);
    }
    return store.setMany(pairs);
  },
  deleteMany: (store: KeyValueStore, keys: readonly string[]) => store.deleteMany(keys),
} as const;

/** wasi:keyvalue/batch; an empty batch asks nobody. */
export const batch: HostInterface<KeyValueScope> = {
  name: "wasi:keyvalue/batch",
  version: wasiKeyvalueVersion,
  functions: {
    "get-many": (
      scope: KeyValueScope,
      bucket: StoreHandle,
      keys: string[],
    ): Answer<KeyValuePair[]> =>
      keys.length === 0
        ? ok([])
        : askBucket(scope, bucket, batchQuestions.getMany, keys, undefined),
    "set-many": (
      scope: KeyValueScope,
      bucket: StoreHandle,
      pairs: [string, Uint8Array][],
    ): Answer<void> =>
      pairs.length === 0
        ? ok(undefined)
        : askBucket(scope, bucket, batchQuestions.setMany, pairs, undefined),
    "delete-many": (scope: KeyValueScope, bucket: StoreHandle, keys: string[]): Answer<void> =>
      keys.length === 0
        ? ok(undefined)
        : askBucket(scope, bucket, batchQuestions.deleteMany, keys, undefined),
  },
  suspending: new Set(["get-many", "set-many", "delete-many"]),
  resources: {},
};
