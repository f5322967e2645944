import { limits } from "../limits.ts";
import { Instance, type InstanceSnapshot } from "./instance.ts";
import type { LinkedComponent } from "./linker.ts";

/** An instance for one request; disposing ends it. */
export interface InstanceLease<C> extends Disposable {
  readonly instance: Instance<C>;
}

/**
 * Gives every request an instance in the state right after instantiation. Where that state can be
 * put back completely (prepare/reset-proof.ts) instances are used again, because putting it back
 * costs a tenth of a new one; everywhere else each request gets a new one.
 */
export class InstancePool<C> {
  readonly #linked: LinkedComponent<C>;
  readonly #idle: Instance<C>[] = [];
  #snapshot: InstanceSnapshot | undefined;
  #isFirst = true;

  constructor(linked: LinkedComponent<C>) {
    this.#linked = linked;
  }

  /** Throws `trap` when instantiation traps. */
  take(context: C): InstanceLease<C> {
    const instance = this.#idle.pop() ?? this.#create(context);
    instance.resume(context);
    return { instance, [Symbol.dispose]: () => this.#end(instance) };
  }

  #create(context: C): Instance<C> {
    const instance = new Instance(this.#linked, context);
    // Instantiation that does not call the host ends in the same state every time.
    if (this.#isFirst) this.#snapshot = instance.snapshot();
    this.#isFirst = false;
    return instance;
  }

  #end(instance: Instance<C>): void {
    const isQuiet = instance.end();
    if (!isQuiet || this.#snapshot === undefined) return;
    if (this.#idle.length >= limits.idleInstancesMax) return;
    if (instance.restart(this.#snapshot)) this.#idle.push(instance);
  }
}
