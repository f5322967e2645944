import type { CoreFunction } from "../abi/compile.ts";
import type { LiftedFunction } from "../component/plan.ts";
import { encode } from "../component/test-wat.ts";
import { type PreparedComponent, prepareComponent } from "../prepare/prepare.ts";
import type { HostInterface } from "./host-interface.ts";
import type { Instance } from "./instance.ts";
import { InstancePool } from "./instance-pool.ts";
import { Linker } from "./linker.ts";

/** A component under test with the pool that gives it instances. */
export interface TestGuest<C> {
  readonly prepared: PreparedComponent;
  readonly pool: InstancePool<C>;
  /** A function that the component exports, in one instance. */
  call(instance: Instance<C>, name: string): CoreFunction;
}

/** Component text to a pool of its instances, for tests. */
export async function testGuest<C>(
  wat: string,
  interfaces: readonly HostInterface<C>[] = [],
  options: ConstructorParameters<typeof InstancePool<C>>[1] = {},
): Promise<TestGuest<C>> {
  const prepared = await prepareComponent(await encode(wat));
  const linked = new Linker(interfaces).link(prepared);
  return {
    prepared,
    pool: new InstancePool(linked, options),
    call: (instance, name) => instance.lifted(exportedFunction(prepared, name)),
  };
}

/**
 * A component with one core module of these fields, whose core exports `plant: (i64) -> ()` and
 * `look: () -> i64` it exports.
 */
export function plantAndLook(fields: string): string {
  return `(component
    (core module $m ${fields})
    (core instance $i (instantiate $m))
    ${plantAndLookExports})`;
}

/** Lifts `plant` and `look` of the core instance `$i`. */
export const plantAndLookExports = `
    (func (export "plant") (param "secret" u64) (canon lift (core func $i "plant")))
    (func (export "look") (result u64) (canon lift (core func $i "look")))`;

/** A function that the component exports by itself. */
export function exportedFunction({ plan }: PreparedComponent, name: string): LiftedFunction {
  const found = plan.exports.get(name);
  if (found?.kind === "func" && found.function.kind === "lift") return found.function;
  throw new Error(`the component does not export a function ${name}`);
}
