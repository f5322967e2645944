import { errorText, WhorlError } from "../error.ts";
import { InstancePool } from "../instance/instance-pool.ts";
import type { InstanceLease } from "../instance/instance-lease.ts";
import type { PoolUsage, Warmth, WarmUp } from "../instance/instance-pool.ts";
import type { LinkedComponent } from "../instance/linker.ts";
import type { LiftedFunction } from "../component/plan.ts";
import type { InvocationHolder } from "../telemetry/host-call-spans.ts";
import { noInvocation } from "../telemetry/no-telemetry.ts";
import type { Invocation } from "../telemetry/telemetry.ts";
import type { CliContext } from "../wasi/context.ts";
import type { Engine } from "./engine.ts";
import { disposeContext } from "./guest-context.ts";
import type { GuestContext } from "./guest-context.ts";
import { wasmStack } from "./wasm-stack.ts";

/** What an instance is taken for. */
export interface InstanceUse {
  /** Where the command line of a program differs from the default. */
  readonly cli?: Partial<CliContext> | undefined;
  /** Undefined where telemetry is off. */
  readonly holder?: InvocationHolder | undefined;
}

/** A lease that knows for which request its instance works. */
export interface GuestLease extends InstanceLease<GuestContext> {
  readonly holder: InvocationHolder | undefined;
}

/** What makes an instance's context. */
export type NewContext<C> = (use: InstanceUse) => C;

/** What a component is made of. */
export interface ComponentParts {
  readonly linked: LinkedComponent<GuestContext>;
  readonly newContext: NewContext<GuestContext>;
  readonly engine: Pick<Engine, "mapper" | "guard" | "limits">;
  /** Bytes of all memories of one instance, where the app has a bound of its own. */
  readonly memoryBytesMax: number | undefined;
}

/** Where executors get instances of a component. */
export interface Callee {
  readonly linked: LinkedComponent<GuestContext>;
  readonly newContext: NewContext<GuestContext>;
  /** Throws whatever instantiation throws: a trap of a start function. */
  take(invocation: Invocation, cli?: Partial<CliContext>): GuestLease;
  /**
   * Calls a function in an instance of its own. Rejects with what the guest threw; see
   * {@link guestFailure}.
   */
  call(lifted: LiftedFunction, values: readonly unknown[], use: CallUse): Promise<unknown>;
}

/** A component that is ready to be called: an instance for each call. */
export class LoadedComponent implements Callee, Disposable {
  readonly id: string;
  readonly linked: LinkedComponent<GuestContext>;
  readonly newContext: NewContext<GuestContext>;
  readonly #instances: InstancePool<GuestContext>;

  constructor(id: string, { linked, newContext, engine, memoryBytesMax }: ComponentParts) {
    this.id = id;
    this.linked = linked;
    this.newContext = newContext;
    const { mapper, guard, limits } = engine;
    this.#instances = new InstancePool(linked, {
      mapper: mapper ?? null,
      guard,
      limits: memoryBytesMax === undefined ? limits : { ...limits, memoryBytesMax },
    });
  }

  /** Makes the first instance before it is asked for. Throws whatever instantiation throws. */
  warm(): void {
    const context = this.newContext({});
    try {
      this.#instances.warm(context);
    } finally {
      disposeContext(context);
    }
  }

  /** Its instances and their memory now: for who asks now and then. */
  usage(): PoolUsage {
    return this.#instances.usage();
  }

  /** Gives back what nobody needs while nobody asks; see {@link InstancePool.rest}. */
  rest(): void {
    this.#instances.rest();
  }

  /** Lets all instances begin behind the answers to some requests; see {@link InstancePool.warmUp}. */
  warmUp(how: WarmUp<GuestContext>): Promise<Warmth> {
    return this.#instances.warmUp(how);
  }

  /** Instances that are out go on; no new ones are given. */
  [Symbol.dispose](): void {
    this.#instances[Symbol.dispose]();
  }

  take(invocation: Invocation, cli?: Partial<CliContext>): GuestLease {
    invocation.instanceWanted();
    const holder = invocation.isOn ? { current: invocation } : undefined;
    const context = this.newContext({ cli, holder });
    const lease = this.#lease(context);
    invocation.instanceTaken(lease.start);
    return {
      instance: lease.instance,
      start: lease.start,
      holder,
      [Symbol.dispose]: () => {
        const ending = holder?.current ?? noInvocation;
        ending.resetStarted();
        lease[Symbol.dispose]();
        disposeContext(context);
        ending.resetEnded();
      },
    };
  }

  #lease(context: GuestContext): InstanceLease<GuestContext> {
    try {
      return this.#instances.take(context);
    } catch (error) {
      // A start function may have opened something before it failed.
      disposeContext(context);
      throw error;
    }
  }

  async call(lifted: LiftedFunction, values: readonly unknown[], use: CallUse): Promise<unknown> {
    using lease = this.take(use.invocation, use.cli);
    // Awaited here, so that the instance lives until then.
    return await (lease.instance.lifted(lifted)(...values) as unknown);
  }
}

/** For which request a function is called. */
export interface CallUse {
  readonly invocation: Invocation;
  readonly cli?: Partial<CliContext>;
}

/** The failure of a call as one error with the guest's stack. `what` is the export that was called. */
export function guestFailure(what: string, error: unknown): WhorlError {
  const limit = error instanceof WhorlError ? error.limit : undefined;
  // No fault of this guest.
  if (limit === "instances") return error as WhorlError;
  const stack = wasmStack(error);
  return new WhorlError(
    limit === undefined ? "trap" : "limit",
    `${what} failed: ${errorText(error)}${stack.length === 0 ? "" : `\n${stack.join("\n")}`}`,
    { cause: error, ...(limit !== undefined && { limit }) },
  );
}
