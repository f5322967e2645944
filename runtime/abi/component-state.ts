import { WhorlError } from "../error.ts";
import { HandleTable } from "./handle-table.ts";

/** What all component instances of one root instance have together. */
export interface RootState {
  /** The first trap: from then on nothing of this instance runs again. */
  failure: Error | undefined;
  /** How often the guest has called out. */
  callsOut: number;
}

/** Runtime state of one component instance (CanonicalABI.md, "Component Instance State"). */
export class ComponentState {
  readonly handles: HandleTable = new HandleTable();
  /** False while the guest may not call out: inside realloc and post-return. */
  mayLeave = true;
  /** True while a call is inside: synchronous functions are not entered twice. */
  entered = false;
  readonly #root: RootState;

  constructor(root: RootState) {
    this.#root = root;
  }

  /** Called before guest code runs for a call from outside. */
  enter(): void {
    if (this.#root.failure !== undefined) throw this.#root.failure;
    if (this.entered) this.trap("cannot enter component instance: a call is still inside");
    this.entered = true;
  }

  leave(): void {
    this.entered = false;
  }

  /** Called when the guest calls out. */
  checkMayLeave(): void {
    this.#root.callsOut++;
    if (this.#root.failure !== undefined) throw this.#root.failure;
    if (!this.mayLeave) this.trap("cannot leave component instance during realloc or post-return");
  }

  /**
   * Remembers a failure and gives back what to throw. A guest with exception handling could catch
   * what the host throws: the instance stays dead all the same.
   */
  fail(error: unknown): Error {
    this.#root.failure ??= error instanceof Error ? error : new WhorlError("trap", String(error));
    return this.#root.failure;
  }

  trap(message: string): never {
    throw this.fail(new WhorlError("trap", message));
  }
}
