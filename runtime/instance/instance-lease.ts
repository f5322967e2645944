import type { Instance } from "./instance.ts";

/** An instance for one request; disposing ends it. */
export interface InstanceLease<C> extends Disposable {
  readonly instance: Instance<C>;
  /** Instantiated from its modules, made from the snapshot, or put back after another request. */
  readonly start: "cold" | "fresh" | "reset";
}

export class Lease<C> implements InstanceLease<C> {
  readonly instance: Instance<C>;
  readonly start: InstanceLease<C>["start"];
  #end: ((instance: Instance<C>) => void) | undefined;

  constructor(
    instance: Instance<C>,
    start: InstanceLease<C>["start"],
    end: (instance: Instance<C>) => void,
  ) {
    this.instance = instance;
    this.start = start;
    this.#end = end;
  }

  [Symbol.dispose](): void {
    const end = this.#end;
    // Another one may have the instance by now.
    this.#end = undefined;
    end?.(this.instance);
  }
}
