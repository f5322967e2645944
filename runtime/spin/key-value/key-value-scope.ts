import { limits } from "../../limits.ts";
import type { CompareAndSwap, KeyValueStore } from "./key-value-store.ts";

/** What the key-value interfaces need of an instance's context. */
export interface KeyValueScope {
  readonly keyValue: KeyValueContext;
}

/** What one component may open; the same for all its instances. */
export interface KeyValueAccess {
  /** The component's `key_value_stores`. */
  readonly allowed: ReadonlySet<string>;
  /** Stores of the app by label. */
  readonly stores: ReadonlyMap<string, KeyValueStore>;
  /** A store failed: one line for the app's operator. */
  warn(message: string): void;
}

/** A store that the guest has open. */
export class StoreHandle {
  readonly label: string;
  readonly store: KeyValueStore;

  constructor(label: string, store: KeyValueStore) {
    this.label = label;
    this.store = store;
  }
}

/** A compare-and-swap operation that the guest has open. */
export class CasHandle {
  readonly handle: StoreHandle;
  readonly key: string;
  readonly operation: CompareAndSwap;

  constructor(handle: StoreHandle, key: string) {
    this.handle = handle;
    this.key = key;
    this.operation = handle.store.compareAndSwap(key);
  }
}

/** The key-value side of one guest instance: which stores it has open. */
export class KeyValueContext {
  readonly access: KeyValueAccess;
  #openStores = 0;
  #openOperations = 0;
  /** Handles of the interface without resources, where they are numbers. */
  #numbered: Map<number, StoreHandle> | undefined;
  #lastNumber = 0;

  constructor(access: KeyValueAccess) {
    this.access = access;
  }

  /** Opens the store of a label, or says why not, in the words of the interfaces. */
  open(label: string): StoreHandle | "access-denied" | "no-such-store" | "store-table-full" {
    if (!this.access.allowed.has(label)) return "access-denied";
    const store = this.access.stores.get(label);
    if (store === undefined) return "no-such-store";
    if (this.#openStores >= limits.openStoresMax) return "store-table-full";
    this.#openStores++;
    return new StoreHandle(label, store);
  }

  /** The guest dropped a store. */
  close(): void {
    this.#openStores--;
  }

  /** Undefined when the instance has too many operations open. */
  openOperation(handle: StoreHandle, key: string): CasHandle | undefined {
    if (this.#openOperations >= limits.openStoresMax) return undefined;
    this.#openOperations++;
    return new CasHandle(handle, key);
  }

  /** The guest got a new operation for the one that it gave away. */
  reopenOperation(): void {
    this.#openOperations++;
  }

  /** The guest dropped an operation, or gave it back by swapping. */
  closeOperation(): void {
    this.#openOperations--;
  }

  /** Gives a store a number. */
  number(handle: StoreHandle): number {
    this.#numbered ??= new Map();
    this.#numbered.set(this.#lastNumber, handle);
    return this.#lastNumber++;
  }

  numbered(number: number): StoreHandle | undefined {
    return this.#numbered?.get(number);
  }

  /** Closes a store by its number; one that is not open is fine. */
  closeNumbered(number: number): void {
    if (this.#numbered?.delete(number) === true) this.close();
  }
}
