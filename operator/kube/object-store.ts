import { type KubeObject, type ObjectKey, keyText } from "./object.ts";

/** Values under which an object is found; none where the index does not concern it. */
export type IndexFunction<T extends KubeObject> = (object: T) => readonly string[];

/** What a write did; `old` is what was stored before. */
export type StoreChange<T extends KubeObject> =
  | { readonly kind: "added"; readonly object: T }
  | { readonly kind: "updated"; readonly object: T; readonly old: T }
  | { readonly kind: "deleted"; readonly object: T };

/** What readers of a cache see. Objects are shared: never change them. */
export interface ReadonlyStore<T extends KubeObject> {
  readonly size: number;
  /** By key, or by its text `namespace/name`. */
  get(key: ObjectKey | string): T | undefined;
  list(): T[];
  /** Objects under a value of an index. Throws for an index that was not added. */
  byIndex(name: string, value: string): T[];
  /** Values of an index that have objects. */
  indexValues(name: string): string[];
}

class Index<T extends KubeObject> {
  readonly #function: IndexFunction<T>;
  readonly #keys = new Map<string, Set<string>>();

  constructor(indexFunction: IndexFunction<T>) {
    this.#function = indexFunction;
  }

  keys(value: string): ReadonlySet<string> | undefined {
    return this.#keys.get(value);
  }

  values(): string[] {
    return [...this.#keys.keys()];
  }

  add(key: string, object: T): void {
    for (const value of this.#function(object)) {
      const keys = this.#keys.get(value);
      if (keys === undefined) this.#keys.set(value, new Set([key]));
      else keys.add(key);
    }
  }

  remove(key: string, object: T): void {
    for (const value of this.#function(object)) {
      const keys = this.#keys.get(value);
      if (keys?.delete(key) === true && keys.size === 0) this.#keys.delete(value);
    }
  }
}

/** Objects of one kind by key, with indexes that are kept in step. */
export class ObjectStore<T extends KubeObject> implements ReadonlyStore<T> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, Index<T>>();

  get size(): number {
    return this.#objects.size;
  }

  get(key: ObjectKey | string): T | undefined {
    return this.#objects.get(typeof key === "string" ? key : keyText(key));
  }

  list(): T[] {
    return [...this.#objects.values()];
  }

  byIndex(name: string, value: string): T[] {
    const found: T[] = [];
    for (const key of this.#index(name).keys(value) ?? []) {
      const object = this.#objects.get(key);
      if (object !== undefined) found.push(object);
    }
    return found;
  }

  indexValues(name: string): string[] {
    return this.#index(name).values();
  }

  /** Adds an index, also over what is stored already. A name that is taken keeps its function. */
  addIndex(name: string, indexFunction: IndexFunction<T>): void {
    if (this.#indexes.has(name)) return;
    const index = new Index(indexFunction);
    for (const [key, object] of this.#objects) index.add(key, object);
    this.#indexes.set(name, index);
  }

  put(object: T): StoreChange<T> {
    const key = keyText(object.metadata);
    const old = this.#objects.get(key);
    if (old !== undefined) for (const index of this.#indexes.values()) index.remove(key, old);
    for (const index of this.#indexes.values()) index.add(key, object);
    this.#objects.set(key, object);
    return old === undefined ? { kind: "added", object } : { kind: "updated", object, old };
  }

  /** `last` is the state at deletion, where it is known. */
  remove(key: string, last?: T): StoreChange<T> | undefined {
    const old = this.#objects.get(key);
    if (old === undefined) return undefined;
    for (const index of this.#indexes.values()) index.remove(key, old);
    this.#objects.delete(key);
    return { kind: "deleted", object: last ?? old };
  }

  /**
   * Makes the store hold just these objects, and says what has changed. Objects of the same version
   * stay as they are. One that was deleted and made anew meanwhile (other uid) is both.
   */
  replace(objects: Iterable<T>): StoreChange<T>[] {
    const changes: StoreChange<T>[] = [];
    const gone = new Set(this.#objects.keys());
    for (const object of objects) {
      const key = keyText(object.metadata);
      gone.delete(key);
      const old = this.#objects.get(key);
      if (old !== undefined && sameVersion(old, object)) continue;
      if (old !== undefined && old.metadata.uid !== object.metadata.uid) {
        changes.push({ kind: "deleted", object: old });
        this.remove(key);
      }
      changes.push(this.put(object));
    }
    for (const key of gone) {
      const change = this.remove(key);
      if (change !== undefined) changes.unshift(change);
    }
    return changes;
  }

  #index(name: string): Index<T> {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new TypeError(`there is no index called "${name}"`);
    return index;
  }
}

function sameVersion(one: KubeObject, other: KubeObject): boolean {
  return (
    one.metadata.resourceVersion === other.metadata.resourceVersion &&
    one.metadata.uid === other.metadata.uid &&
    one.metadata.resourceVersion !== undefined
  );
}
