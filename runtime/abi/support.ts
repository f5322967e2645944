import { trap } from "../error.ts";
import type { ComponentState } from "./component-state.ts";
import {
  type BorrowScope,
  GuestResource,
  type HandleTable,
  type LendScope,
  type ResourceHandle,
} from "./handle-table.ts";

/** Functions that generated code calls (`$`). */
export interface Support {
  char(code: number): string;
  charCode(text: string): number;
  enumCase(names: readonly string[], discriminant: number): string;
  enumIndex(names: readonly string[], name: string): number;
  badDiscriminant(discriminant: number): never;
  badCase(tag: unknown): never;
  fixedList(list: ArrayLike<unknown>, length: number): ArrayLike<unknown>;
  f32FromBits(bits: number): number;
  f32Bits(value: number): number;
  f64FromBits(bits: bigint): number;
  f64Bits(value: number): bigint;
  /** Handles lent while the arguments of one call are lifted. */
  lending(): Lending;
}

class Lending implements LendScope {
  readonly #handles: ResourceHandle[] = [];

  lend(handle: ResourceHandle): void {
    handle.lends++;
    this.#handles.push(handle);
  }

  end(): void {
    for (const handle of this.#handles) handle.lends--;
  }
}

const scratch = new DataView(new ArrayBuffer(8));

export const support: Support = {
  char(code) {
    if (code > 0x10_ffff || (code >= 0xd800 && code <= 0xdfff)) {
      trap(`${code} is not a Unicode scalar value`);
    }
    return String.fromCodePoint(code);
  },
  charCode: (text) => text.codePointAt(0) ?? 0,
  enumCase(names, discriminant) {
    return names[discriminant] ?? trap(`invalid discriminant ${discriminant}`);
  },
  enumIndex(names, name) {
    const index = names.indexOf(name);
    if (index < 0) this.badCase(name);
    return index;
  },
  badDiscriminant: (discriminant) => trap(`invalid discriminant ${discriminant}`),
  badCase(tag) {
    throw new TypeError(`the host returned the unknown case ${String(tag)}`);
  },
  fixedList(list, length) {
    if (list.length === length) return list;
    throw new TypeError(`the host returned ${list.length} items for a list of length ${length}`);
  },
  f32FromBits(bits) {
    scratch.setInt32(0, bits);
    return scratch.getFloat32(0);
  },
  f32Bits(value) {
    scratch.setFloat32(0, value);
    return scratch.getInt32(0);
  },
  f64FromBits(bits) {
    scratch.setBigInt64(0, bits);
    return scratch.getFloat64(0);
  },
  f64Bits(value) {
    scratch.setFloat64(0, value);
    return scratch.getBigInt64(0);
  },
  lending: () => new Lending(),
};

/** What a resource type is at run time: who defines it and how it is destroyed. */
export interface ResourceRuntime {
  /** The component instance that defines it; undefined for the host's resources. */
  readonly definer: ComponentState | undefined;
  /** Runs the destructor: the guest's (i32) or the host's (object). */
  destroy(representation: unknown, caller?: ComponentState): void;
}

/** Handle operations that need the resource types of this instance. */
export class ResourceOperations {
  readonly #resources: readonly ResourceRuntime[];

  constructor(resources: readonly ResourceRuntime[]) {
    this.#resources = resources;
  }

  /** Lifts own<R>: the host's object, or a GuestResource. */
  takeOwn(table: HandleTable, handle: number, resource: number): unknown {
    return this.#outside(resource, table.takeOwn(handle, resource));
  }

  /** Lifts borrow<R>. */
  getBorrow(
    table: HandleTable,
    handle: number,
    resource: number,
    scope: LendScope | undefined,
  ): unknown {
    const entry = table.get(handle, resource);
    scope?.lend(entry);
    return this.#outside(resource, entry.representation);
  }

  #outside(resource: number, representation: unknown): unknown {
    if (this.#resources[resource]?.definer === undefined) return representation;
    return new GuestResource(resource, Number(representation));
  }

  /** Lowers own<R>. */
  addOwn(table: HandleTable, value: unknown, resource: number): number {
    return table.addOwn(resource, this.#inside(resource, value));
  }

  /** Lowers borrow<R>: the definer itself gets the representation instead of a handle. */
  addBorrow(target: ComponentState, scope: BorrowScope, value: unknown, resource: number): number {
    const representation = this.#inside(resource, value);
    if (this.#resources[resource]?.definer === target) return Number(representation);
    return target.handles.addBorrow(resource, representation, scope);
  }

  #inside(resource: number, value: unknown): unknown {
    if (this.#resources[resource]?.definer === undefined) {
      if (typeof value === "object" && value !== null) return value;
      throw new TypeError(`the host returned ${typeof value} where a resource is declared`);
    }
    if (value instanceof GuestResource && value.resource === resource) return value.representation;
    throw new TypeError("the host returned a resource of another type");
  }

  /** resource.drop. */
  drop(instance: ComponentState, handle: number, resource: number): void {
    const entry = instance.handles.drop(handle, resource);
    if (entry.scope !== undefined) return;
    this.#resources[resource]?.destroy(entry.representation, instance);
  }
}
