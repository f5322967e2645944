import { err, type HostInterface, ok, type Result } from "../../instance/host-interface.ts";
import { askStore, questions, type StoreError } from "./ask-store.ts";
import type { KeyValueScope } from "./key-value-scope.ts";
import type { Awaitable, KeyValueStore } from "./key-value-store.ts";

/** `error` of the interface of Spin 1. */
type LegacyError =
  | {
      readonly tag:
        | "store-table-full"
        | "no-such-store"
        | "access-denied"
        | "invalid-store"
        | "no-such-key";
      readonly val?: undefined;
    }
  | { readonly tag: "io"; readonly val: string };

type Answer<T> = Awaitable<Result<T, LegacyError>>;

const invalidStore = err({ tag: "invalid-store" } as const);
const noSuchKey = err({ tag: "no-such-key" } as const);

function legacy<T>(result: Result<T, StoreError>): Result<T, LegacyError> {
  if (result.tag === "ok") return result;
  const error = result.val;
  return err<LegacyError>(
    error.tag === "other" ? { tag: "io", val: error.val } : { tag: error.tag },
  );
}

function valueOrError(
  result: Result<Uint8Array | undefined, StoreError>,
): Result<Uint8Array, LegacyError> {
  if (result.tag === "err") return legacy<Uint8Array>(result);
  return result.val === undefined ? noSuchKey : ok(result.val);
}

function ask<A, B, T, U>(
  { keyValue }: KeyValueScope,
  number: number,
  question: (store: KeyValueStore, a: A, b: B) => Awaitable<T>,
  arguments_: readonly [A, B],
  convert: (result: Result<T, StoreError>) => Result<U, LegacyError>,
): Answer<U> {
  const handle = keyValue.numbered(number);
  if (handle === undefined) return invalidStore;
  const answer = askStore(keyValue, handle, question, arguments_[0], arguments_[1]);
  return answer instanceof Promise ? answer.then(convert) : convert(answer);
}

function open({ keyValue }: KeyValueScope, name: string): Result<number, LegacyError> {
  const opened = keyValue.open(name);
  return typeof opened === "string" ? err({ tag: opened }) : ok(keyValue.number(opened));
}

/** fermyon:spin/key-value without a version (Spin 1): stores are numbers. */
export const keyValueV1: HostInterface<KeyValueScope> = {
  name: "fermyon:spin/key-value",
  version: undefined,
  functions: {
    open,
    get: (scope: KeyValueScope, store: number, key: string): Answer<Uint8Array> =>
      ask(scope, store, questions.get, [key, undefined], valueOrError),
    set: (scope: KeyValueScope, store: number, key: string, value: Uint8Array): Answer<void> =>
      ask(scope, store, questions.set, [key, value], legacy),
    delete: (scope: KeyValueScope, store: number, key: string): Answer<void> =>
      ask(scope, store, questions.delete, [key, undefined], legacy),
    exists: (scope: KeyValueScope, store: number, key: string): Answer<boolean> =>
      ask(scope, store, questions.exists, [key, undefined], legacy),
    "get-keys": (scope: KeyValueScope, store: number): Answer<string[]> =>
      ask(scope, store, questions.getKeys, [undefined, undefined], legacy),
    close: ({ keyValue }: KeyValueScope, store: number): void => keyValue.closeNumbered(store),
  },
  suspending: new Set(["get", "set", "delete", "exists", "get-keys"]),
  resources: {},
};
