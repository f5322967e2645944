import { err, type HostInterface, ok, type Result } from "../../instance/host-interface.ts";
import { askStore, questions, type StoreError } from "./ask-store.ts";
import type { KeyValueScope, StoreHandle } from "./key-value-scope.ts";
import type { Awaitable } from "./key-value-store.ts";

type Answer<T> = Awaitable<Result<T, StoreError>>;

/** Opens a store for a guest: `access-denied`, `no-such-store` and `store-table-full` as in WIT. */
export function openStore(
  { keyValue }: KeyValueScope,
  label: string,
): Result<StoreHandle, StoreError> {
  const opened = keyValue.open(label);
  return typeof opened === "string" ? err({ tag: opened }) : ok(opened);
}

/** fermyon:spin/key-value@2.0.0. */
export const keyValueV2: HostInterface<KeyValueScope> = {
  name: "fermyon:spin/key-value",
  version: "2.0.0",
  functions: {
    "[static]store.open": openStore,
    "[method]store.get": (
      { keyValue }: KeyValueScope,
      store: StoreHandle,
      key: string,
    ): Answer<Uint8Array | undefined> => askStore(keyValue, store, questions.get, key, undefined),
    "[method]store.set": (
      { keyValue }: KeyValueScope,
      store: StoreHandle,
      key: string,
      value: Uint8Array,
    ): Answer<void> => askStore(keyValue, store, questions.set, key, value),
    "[method]store.delete": (
      { keyValue }: KeyValueScope,
      store: StoreHandle,
      key: string,
    ): Answer<void> => askStore(keyValue, store, questions.delete, key, undefined),
    "[method]store.exists": (
      { keyValue }: KeyValueScope,
      store: StoreHandle,
      key: string,
    ): Answer<boolean> => askStore(keyValue, store, questions.exists, key, undefined),
    "[method]store.get-keys": ({ keyValue }: KeyValueScope, store: StoreHandle): Answer<string[]> =>
      askStore(keyValue, store, questions.getKeys, undefined, undefined),
  },
  suspending: new Set([
    "[method]store.get",
    "[method]store.set",
    "[method]store.delete",
    "[method]store.exists",
    "[method]store.get-keys",
  ]),
  resources: { store: { drop: ({ keyValue }) => keyValue.close() } },
};
