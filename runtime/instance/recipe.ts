import type { CompiledAbi } from "../abi/compile.ts";
import type { CoreItem, PlanCoreInstance } from "../component/plan.ts";
import type { HostImports } from "../prepare/interruptible-module.ts";
import type { PreparedComponent } from "../prepare/prepare.ts";
import type { ResettableState } from "../prepare/resettable-module.ts";

/** An export of a core instance that the ABI finds under a slot number (abi/slots.ts). */
export interface SlotBinding {
  readonly slot: number;
  readonly exportName: string;
}

/** How to make one core instance, worked out once so that an instance costs only the steps. */
export interface CoreInstanceRecipe {
  readonly module: WebAssembly.Module;
  /** How to put it back, where that is proved to be possible. */
  readonly reset: ResettableState | undefined;
  /** What it gets from the host beside `imports`; undefined for a module that is as it was. */
  readonly host: HostImports | undefined;
  readonly imports: readonly {
    readonly module: string;
    readonly fields: readonly { readonly name: string; readonly item: CoreItem }[];
  }[];
  readonly memories: readonly SlotBinding[];
  readonly functions: readonly SlotBinding[];
  readonly tables: readonly SlotBinding[];
  /** Functions that are called suspendably as well, with the number that their signature has. */
  readonly suspendable: readonly (SlotBinding & { readonly signature: number })[];
}

export function coreInstanceRecipes(
  prepared: PreparedComponent,
  abi: CompiledAbi,
): CoreInstanceRecipe[] {
  const { plan, modules, reset } = prepared;
  const { slots, suspendable } = abi;
  return plan.coreInstances.map((core, index) => {
    const functions = bindings(slots.functions, index);
    const module = modules[core.module];
    if (module === undefined) throw new Error(`core module ${core.module} is not compiled`);
    return {
      module,
      reset: reset.kind === "proved" ? reset.modules[core.module] : undefined,
      host: prepared.host[core.module],
      imports: importList(core),
      memories: bindings(slots.memories, index),
      functions,
      tables: bindings(slots.tables, index),
      suspendable: functions.flatMap((binding) => {
        const signature = suspendable.get(binding.slot);
        return signature === undefined ? [] : [{ ...binding, signature }];
      }),
    };
  });
}

function importList(core: PlanCoreInstance): CoreInstanceRecipe["imports"] {
  return [...core.imports].map(([module, fields]) => ({
    module,
    fields: [...fields].map(([name, item]) => ({ name, item })),
  }));
}

function bindings(items: readonly CoreItem[], coreInstance: number): SlotBinding[] {
  return items.flatMap((item, slot) =>
    item.kind === "export" && item.instance === coreInstance
      ? [{ slot, exportName: item.name }]
      : [],
  );
}
