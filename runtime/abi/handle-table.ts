import { trap, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";

/** A resource that a guest defined, outside that guest: its i32 representation with its type. */
export class GuestResource {
  /** Index into Plan.resources. */
  readonly resource: number;
  readonly representation: number;

  constructor(resource: number, representation: number) {
    this.resource = resource;
    this.representation = representation;
  }
}

/** The borrow handles that one call gave to the callee; all must be dropped when it returns. */
export interface BorrowScope {
  borrows: number;
}

/** The call that a handle is lent to. */
export interface LendScope {
  lend(handle: ResourceHandle): void;
}

export interface ResourceHandle {
  /** Index into Plan.resources. */
  readonly resource: number;
  /** A host object, or the i32 of a guest-defined resource. */
  readonly representation: unknown;
  /** Undefined for an own handle. */
  readonly scope: BorrowScope | undefined;
  /** Calls under way that have borrowed it. */
  lends: number;
}

/**
 * A place of a table whose state another instance begins with: -1 for none, the resource type of
 * what is {@link gone}, or that type with the name of what every instance has of its own.
 */
export type KeptHandle = number | readonly [resource: number, name: string];

/**
 * Stands for a host object of an instance whose state another one begins with: it can be dropped,
 * and whatever else is done with it is a trap.
 */
export const gone: object = Object.freeze({ __proto__: null });

/** What a table does not know of its handles. */
export interface KeptHandleNames {
  /** Whether a guest has defined this resource type. */
  isGuests(resource: number): boolean;
  /** Of an object that every instance has of its own (HostResource.lasting). */
  nameOf(resource: number, representation: unknown): string | undefined;
}

const nothing: readonly TableEntry[] = [];

/** Waitables, waitable sets and error contexts: told apart by their classes. */
export interface OtherEntry {
  readonly resource?: undefined;
}

export type TableEntry = ResourceHandle | OtherEntry;

/**
 * Handles of one component instance (CanonicalABI.md, "Table State"). Indices start at 1 and are
 * reused, last freed first.
 */
export class HandleTable {
  readonly #max: number;
  #entries: (TableEntry | undefined)[] = [undefined];
  #free: number[] = [];

  constructor(max: number = limits.handlesMax) {
    this.#max = max;
  }

  addOwn(resource: number, representation: unknown): number {
    return this.add({ resource, representation, scope: undefined, lends: 0 });
  }

  addBorrow(resource: number, representation: unknown, scope: BorrowScope): number {
    scope.borrows++;
    return this.add({ resource, representation, scope, lends: 0 });
  }

  add(entry: TableEntry): number {
    const index = this.#free.pop() ?? this.#entries.length;
    if (index > this.#max) {
      throw new WhorlError(
        "limit",
        `the guest holds more than ${this.#max} handles: let it drop what it does not use, ` +
          "or raise the limit",
      );
    }
    this.#entries[index] = entry;
    return index;
  }

  /** Any entry; traps when there is none. */
  at(handle: number): TableEntry {
    return this.#entries[handle] ?? trap(`unknown handle index ${handle}`);
  }

  /** The entry behind a handle of this resource type; traps when there is none. */
  get(handle: number, resource: number): ResourceHandle {
    const entry = this.#entries[handle];
    if (entry === undefined) return trap(`unknown handle index ${handle}`);
    if (entry.resource === undefined) return trap(`handle ${handle} is not a resource`);
    if (entry.resource !== resource) trap(`handle ${handle} is of another resource type`);
    return entry;
  }

  /** Takes an own handle out (lift of own<R>). */
  takeOwn(handle: number, resource: number): unknown {
    const entry = this.get(handle, resource);
    if (entry.scope !== undefined) trap(`handle ${handle} is a borrow, not an own handle`);
    if (entry.lends !== 0) trap(`cannot remove owned resource while borrowed: handle ${handle}`);
    this.remove(handle);
    return entry.representation;
  }

  /** Takes any handle out (resource.drop). */
  drop(handle: number, resource: number): ResourceHandle {
    const entry = this.get(handle, resource);
    if (entry.lends !== 0) trap(`cannot remove owned resource while borrowed: handle ${handle}`);
    this.remove(handle);
    if (entry.scope !== undefined) entry.scope.borrows--;
    return entry;
  }

  /** Frees the index of an entry. */
  remove(handle: number): void {
    this.#entries[handle] = undefined;
    this.#free.push(handle);
  }

  get isEmpty(): boolean {
    return this.#free.length === this.#entries.length - 1;
  }

  /**
   * What is in the table by index, for {@link begin}. Undefined when there is more than own handles,
   * or any that `isGuests` says a guest has defined.
   */
  kept({ isGuests, nameOf }: KeptHandleNames): KeptHandle[] | undefined {
    const kept: KeptHandle[] = [];
    for (const entry of this.#entries) {
      if (entry === undefined) {
        kept.push(-1);
        continue;
      }
      const { resource } = entry;
      if (resource === undefined || isGuests(resource) || entry.scope !== undefined) {
        return undefined;
      }
      const name = nameOf(resource, entry.representation);
      kept.push(name === undefined ? resource : [resource, name]);
    }
    return kept;
  }

  /** Fills an empty table with such handles, under the same indices. */
  begin(kept: readonly KeptHandle[], named: (resource: number, name: string) => object): void {
    for (let index = 1; index < kept.length; index++) {
      const place = kept[index] ?? -1;
      const resource = typeof place === "number" ? place : place[0];
      if (resource < 0) {
        this.#entries[index] = undefined;
        this.#free.push(index);
      } else {
        const representation = typeof place === "number" ? gone : named(resource, place[1]);
        this.#entries[index] = { resource, representation, scope: undefined, lends: 0 };
      }
    }
  }

  /** Empties the table; returns what was left in it. */
  drain(): readonly TableEntry[] {
    const left = this.isEmpty ? nothing : this.#entries.filter((entry) => entry !== undefined);
    this.#entries.length = 1;
    this.#free.length = 0;
    return left;
  }
}
