import { errorText, WhorlError } from "../error.ts";
import { InstancePool } from "../instance/instance-pool.ts";
import type { InstanceLease } from "../instance/instance-pool.ts";
import type { LinkedComponent } from "../instance/linker.ts";
import type { LiftedFunction } from "../component/plan.ts";
import type { CliContext, WasiContext } from "../wasi/context.ts";
import { wasmStack } from "./wasm-stack.ts";

/** What makes an instance's context; the command line of a program may differ from the default. */
export type NewContext = (cli?: Partial<CliContext>) => WasiContext;

/** A component that is ready to be called: an instance for each call. */
export class LoadedComponent {
  readonly id: string;
  readonly linked: LinkedComponent<WasiContext>;
  readonly newContext: NewContext;
  readonly #instances: InstancePool<WasiContext>;

  constructor(id: string, linked: LinkedComponent<WasiContext>, newContext: NewContext) {
    this.id = id;
    this.linked = linked;
    this.newContext = newContext;
    this.#instances = new InstancePool(linked);
  }

  /** Throws whatever instantiation throws: a trap of a start function. */
  take(cli?: Partial<CliContext>): InstanceLease<WasiContext> {
    return this.#instances.take(this.newContext(cli));
  }

  /**
   * Calls a function in an instance of its own. Rejects with what the guest threw; see
   * {@link guestFailure}.
   */
  async call(
    lifted: LiftedFunction,
    values: readonly unknown[],
    cli?: Partial<CliContext>,
  ): Promise<unknown> {
    using lease = this.take(cli);
    // Awaited here, so that the instance lives until then.
    return await (lease.instance.lifted(lifted)(...values) as unknown);
  }
}

/** The failure of a call as one error with the guest's stack. `what` is the export that was called. */
export function guestFailure(what: string, error: unknown): WhorlError {
  const stack = wasmStack(error);
  return new WhorlError(
    "trap",
    `${what} failed: ${errorText(error)}${stack.length === 0 ? "" : `\n${stack.join("\n")}`}`,
    { cause: error },
  );
}
