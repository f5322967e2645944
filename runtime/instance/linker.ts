import { compileAbi, type CompiledAbi, type HostBinding } from "../abi/compile.ts";
import type { ComponentFunction, Plan, PlanImport } from "../component/plan.ts";
import { WhorlError } from "../error.ts";
import type { PreparedComponent } from "../prepare/prepare.ts";
import { deniedFunction } from "./denied-function.ts";
import type { HostInterface, HostResource } from "./host-interface.ts";
import { interfaceKey, parseInterfaceName } from "./interface-name.ts";
import { type CoreInstanceRecipe, coreInstanceRecipes } from "./recipe.ts";

/** A prepared component with its imports bound to host functions: instances can be made of it. */
export interface LinkedComponent<C> extends PreparedComponent {
  readonly abi: CompiledAbi;
  readonly recipes: readonly CoreInstanceRecipe[];
  /** Host side of the imported resource types, by index of Plan.resources. */
  readonly hostResources: readonly (HostResource<C> | undefined)[];
  /** Handles that a component instance may have at once; that of limits.ts by default. */
  readonly handlesMax?: number | undefined;
}

/** The interfaces that a host offers, found by name and version. Made once per process. */
export class Linker<C> {
  readonly #interfaces = new Map<string, HostInterface<C>>();

  constructor(interfaces: readonly HostInterface<C>[]) {
    for (const offered of interfaces) this.#interfaces.set(interfaceKey(offered), offered);
  }

  /**
   * Binds the imports of a component. A function that is imported but never lowered to core code
   * cannot be called and needs no host. Throws `import_missing` with the names of all that nobody
   * provides.
   */
  link(prepared: PreparedComponent): LinkedComponent<C> {
    const { plan } = prepared;
    const missing: string[] = [];
    const hosts: (HostBinding | undefined)[] = plan.imports.map(() => undefined);
    for (const index of calledImports(plan)) {
      const item = plan.imports[index];
      if (item === undefined) continue;
      hosts[index] = this.#binding(item);
      if (hosts[index] === undefined) missing.push(importText(item));
    }
    if (missing.length > 0) throw missingImports(missing);
    const hostResources = plan.resources.map((resource) => {
      const item = resource.kind === "import" ? plan.imports[resource.import] : undefined;
      if (item === undefined) return undefined;
      if (item.denied === true) return {};
      return this.#interface(item.interfaceName ?? "")?.resources[item.name];
    });
    const abi = compileAbi(plan, hosts);
    return { ...prepared, abi, recipes: coreInstanceRecipes(prepared, abi), hostResources };
  }

  #interface(name: string): HostInterface<C> | undefined {
    return this.#interfaces.get(interfaceKey(parseInterfaceName(name)));
  }

  #binding(item: PlanImport): HostBinding | undefined {
    if (item.kind === "func" && item.denied === true) {
      return { call: deniedFunction(item), suspends: false };
    }
    const offered = this.#interface(item.interfaceName ?? "");
    const call = Object.hasOwn(offered?.functions ?? {}, item.name)
      ? offered?.functions[item.name]
      : undefined;
    if (offered === undefined || call === undefined) return undefined;
    return { call, suspends: offered.suspending.has(item.name) };
  }
}

/** Indices of the imported functions that core code can reach. */
function calledImports(plan: Plan): Set<number> {
  const called = new Set<number>();
  const add = (callee: ComponentFunction): void => {
    if (callee.kind === "import") called.add(callee.import);
  };
  for (const trampoline of plan.trampolines) {
    if (trampoline.kind === "lower") add(trampoline.function);
  }
  return called;
}

function importText(item: PlanImport): string {
  return item.interfaceName === undefined ? item.name : `${item.interfaceName}#${item.name}`;
}

function missingImports(missing: readonly string[]): WhorlError {
  const shown = missing.slice(0, 10).map((name) => `  ${name}`);
  if (missing.length > shown.length) shown.push(`  and ${missing.length - shown.length} more`);
  return new WhorlError(
    "import_missing",
    `the component imports what this host does not provide:\n${shown.join("\n")}\n` +
      "Build it for interfaces that are provided, or compose it with a component that exports them.",
  );
}
