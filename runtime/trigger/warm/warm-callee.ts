import type { LiftedFunction } from "../../component/plan.ts";
import type { Instance } from "../../instance/instance.ts";
import type { LinkedComponent } from "../../instance/linker.ts";
import type { GuestContext } from "../guest-context.ts";
import type { Callee, GuestLease, NewContext } from "../loaded-component.ts";

/** Gives the same instance for every call, and leaves its end to who made it. */
export class WarmCallee implements Callee {
  readonly linked: LinkedComponent<GuestContext>;
  readonly newContext: NewContext<GuestContext>;
  readonly #instance: Instance<GuestContext>;

  constructor(component: Pick<Callee, "linked" | "newContext">, instance: Instance<GuestContext>) {
    this.linked = component.linked;
    this.newContext = component.newContext;
    this.#instance = instance;
  }

  take(): GuestLease {
    return {
      instance: this.#instance,
      start: "fresh",
      holder: undefined,
      [Symbol.dispose]: () => undefined,
    };
  }

  async call(lifted: LiftedFunction, values: readonly unknown[]): Promise<unknown> {
    return await (this.#instance.lifted(lifted)(...values) as unknown);
  }
}
