import { errorText } from "../../error.ts";
import {
  type HostInterface,
  ok,
  type Result,
  type StreamSource,
} from "../../instance/host-interface.ts";
import { storeFailure, type StoreError } from "./ask-store.ts";
import { keyValueV2 } from "./key-value-v2.ts";
import type { KeyValueScope, StoreHandle } from "./key-value-scope.ts";

/** Most keys handed to the guest at once. */
const chunkKeys = 256;

/** Keys as the guest takes them; how it ended is told by the future beside the stream. */
class KeySource implements StreamSource<string> {
  readonly #scope: KeyValueScope;
  readonly #handle: StoreHandle;
  readonly #keys: AsyncIterator<string>;
  readonly #end = Promise.withResolvers<Result<void, StoreError>>();

  constructor(scope: KeyValueScope, handle: StoreHandle) {
    this.#scope = scope;
    this.#handle = handle;
    this.#keys = handle.store.iterateKeys()[Symbol.asyncIterator]();
  }

  get end(): Promise<Result<void, StoreError>> {
    return this.#end.promise;
  }

  async pull(max: number): Promise<string[] | undefined> {
    const keys: string[] = [];
    try {
      while (keys.length < Math.min(max, chunkKeys)) {
        const next = await this.#keys.next();
        if (next.done === true) {
          this.#end.resolve(ok(undefined));
          break;
        }
        keys.push(next.value);
      }
    } catch (error) {
      this.#end.resolve(storeFailure(this.#scope.keyValue, this.#handle, error));
    }
    return keys.length === 0 ? undefined : keys;
  }

  drop(): void {
    this.#end.resolve(ok(undefined));
    this.#keys.return?.().catch((error: unknown) => {
      this.#scope.keyValue.access.warn(
        `key-value store "${this.#handle.label}": ${errorText(error)}`,
      );
    });
  }
}

function getKeys(
  scope: KeyValueScope,
  handle: StoreHandle,
): [StreamSource<string>, Promise<Result<void, StoreError>>] {
  const source = new KeySource(scope, handle);
  return [source, source.end];
}

/** spin:key-value/key-value@3.0.0: as 2.0.0, but async, and with the keys as a stream. */
export const keyValueV3: HostInterface<KeyValueScope> = {
  ...keyValueV2,
  name: "spin:key-value/key-value",
  version: "3.0.0",
  functions: { ...keyValueV2.functions, "[method]store.get-keys": getKeys },
};
