import { err, type HostInterface, ok, type Result } from "../../instance/host-interface.ts";
import { storeFailure } from "../key-value/ask-store.ts";
import { CasHandle, type KeyValueScope, type StoreHandle } from "../key-value/key-value-scope.ts";
import { type Awaitable, boundedValue, type KeyValueStore } from "../key-value/key-value-store.ts";
import { askBucket, wasiKeyvalueVersion } from "./store.ts";
import { wasiError, type WasiStoreError } from "./wasi-error.ts";

/** `cas-error` of wasi:keyvalue/atomics: a lost race gives the guest a new operation. */
type CasError =
  | { readonly tag: "store-error"; readonly val: WasiStoreError }
  | { readonly tag: "cas-failed"; readonly val: CasHandle };

const tooMany = { tag: "other", val: "too many compare_and_swaps opened" } as const;

const increment = (store: KeyValueStore, key: string, delta: bigint): Awaitable<bigint> =>
  store.increment(key, delta);

function newCas(
  { keyValue }: KeyValueScope,
  bucket: StoreHandle,
  key: string,
): Result<CasHandle, WasiStoreError> {
  const cas = keyValue.openOperation(bucket, key);
  return cas === undefined ? err(tooMany) : ok(cas);
}

async function current(
  { keyValue }: KeyValueScope,
  cas: CasHandle,
): Promise<Result<Uint8Array | undefined, WasiStoreError>> {
  try {
    return ok(boundedValue(await cas.operation.current()));
  } catch (error) {
    return err(wasiError(storeFailure(keyValue, cas.handle, error).val));
  }
}

async function swap(
  scope: KeyValueScope,
  cas: CasHandle,
  value: Uint8Array,
): Promise<Result<void, CasError>> {
  const { keyValue } = scope;
  // The guest gave its handle away.
  keyValue.closeOperation();
  try {
    if (await cas.operation.swap(value)) return ok(undefined);
    const next = new CasHandle(cas.handle, cas.key);
    await next.operation.current();
    keyValue.reopenOperation();
    return err<CasError>({ tag: "cas-failed", val: next });
  } catch (error) {
    const { val } = storeFailure(keyValue, cas.handle, error);
    return err<CasError>({ tag: "store-error", val: wasiError(val) });
  }
}

/** wasi:keyvalue/atomics. */
export const atomics: HostInterface<KeyValueScope> = {
  name: "wasi:keyvalue/atomics",
  version: wasiKeyvalueVersion,
  functions: {
    "[static]cas.new": newCas,
    "[method]cas.current": current,
    increment: (
      scope: KeyValueScope,
      bucket: StoreHandle,
      key: string,
      delta: bigint,
    ): Awaitable<Result<bigint, WasiStoreError>> => askBucket(scope, bucket, increment, key, delta),
    swap,
  },
  suspending: new Set(["[method]cas.current", "increment", "swap"]),
  resources: { cas: { drop: ({ keyValue }) => keyValue.closeOperation() } },
};
