import { err, type HostInterface, ok, type Result } from "../../instance/host-interface.ts";
import { askStore, questions } from "../key-value/ask-store.ts";
import { openStore } from "../key-value/key-value-v2.ts";
import type { KeyValueScope, StoreHandle } from "../key-value/key-value-scope.ts";
import type { Awaitable, KeyValueStore } from "../key-value/key-value-store.ts";
import { wasiResult, type WasiStoreError } from "./wasi-error.ts";

type Answer<T> = Awaitable<Result<T, WasiStoreError>>;

/** Version of wasi:keyvalue that Spin hosts. */
export const wasiKeyvalueVersion = "0.2.0-draft2";

/** Asks a store; the error is one of WASI. */
export function askBucket<A, B, T>(
  { keyValue }: KeyValueScope,
  bucket: StoreHandle,
  question: (store: KeyValueStore, a: A, b: B) => Awaitable<T>,
  a: A,
  b: B,
): Answer<T> {
  const answer = askStore(keyValue, bucket, question, a, b);
  return answer instanceof Promise ? answer.then(wasiResult) : wasiResult(answer);
}

interface KeyResponse {
  readonly keys: string[];
  readonly cursor: string | undefined;
}

function keyResponse(
  result: Result<string[], WasiStoreError>,
): Result<KeyResponse, WasiStoreError> {
  return result.tag === "err" ? result : ok({ keys: result.val, cursor: undefined });
}

function listKeys(
  scope: KeyValueScope,
  bucket: StoreHandle,
  cursor: string | undefined,
): Answer<KeyResponse> {
  if (cursor !== undefined) {
    return err<WasiStoreError>({ tag: "other", val: "list_keys: cursor not supported" });
  }
  const answer = askBucket(scope, bucket, questions.getKeys, undefined, undefined);
  return answer instanceof Promise ? answer.then(keyResponse) : keyResponse(answer);
}

/** wasi:keyvalue/store. */
export const store: HostInterface<KeyValueScope> = {
  name: "wasi:keyvalue/store",
  version: wasiKeyvalueVersion,
  functions: {
    open: (scope: KeyValueScope, identifier: string): Result<StoreHandle, WasiStoreError> =>
      wasiResult(openStore(scope, identifier)),
    "[method]bucket.get": (
      scope: KeyValueScope,
      bucket: StoreHandle,
      key: string,
    ): Answer<Uint8Array | undefined> => askBucket(scope, bucket, questions.get, key, undefined),
    "[method]bucket.set": (
      scope: KeyValueScope,
      bucket: StoreHandle,
      key: string,
      value: Uint8Array,
    ): Answer<void> => askBucket(scope, bucket, questions.set, key, value),
    "[method]bucket.delete": (
      scope: KeyValueScope,
      bucket: StoreHandle,
      key: string,
    ): Answer<void> => askBucket(scope, bucket, questions.delete, key, undefined),
    "[method]bucket.exists": (
      scope: KeyValueScope,
      bucket: StoreHandle,
      key: string,
    ): Answer<boolean> => askBucket(scope, bucket, questions.exists, key, undefined),
    "[method]bucket.list-keys": listKeys,
  },
  suspending: new Set([
    "[method]bucket.get",
    "[method]bucket.set",
    "[method]bucket.delete",
    "[method]bucket.exists",
    "[method]bucket.list-keys",
  ]),
  resources: { bucket: { drop: ({ keyValue }) => keyValue.close() } },
};
