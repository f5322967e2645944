import type { CanonicalOptions, CoreItem, LiftedFunction, Plan } from "../component/plan.ts";

/**
 * Numbers every memory and core function that the ABI needs, so that generated code finds them by
 * a fixed index in each instance.
 */
export class Slots {
  readonly memories: CoreItem[] = [];
  readonly functions: CoreItem[] = [];
  readonly tables: CoreItem[] = [];
  readonly lifted: LiftedFunction[] = [];
  readonly #memoryIndices = new Map<string, number>();
  readonly #functionIndices = new Map<string, number>();
  readonly #tableIndices = new Map<string, number>();
  readonly #liftedIndices = new Map<LiftedFunction, number>();

  memory(item: CoreItem): number {
    return slot(item, this.memories, this.#memoryIndices);
  }

  function(item: CoreItem): number {
    return slot(item, this.functions, this.#functionIndices);
  }

  table(item: CoreItem): number {
    return slot(item, this.tables, this.#tableIndices);
  }

  lift(lifted: LiftedFunction): number {
    const known = this.#liftedIndices.get(lifted);
    if (known !== undefined) return known;
    const index = this.lifted.push(lifted) - 1;
    this.#liftedIndices.set(lifted, index);
    this.function(lifted.core);
    this.#options(lifted.options);
    return index;
  }

  #options(options: CanonicalOptions): void {
    if (options.memory !== undefined) this.memory(options.memory);
    for (const item of [options.realloc, options.postReturn, options.callback]) {
      if (item !== undefined) this.function(item);
    }
  }

  /** All slots of a plan; functions exported by the root are lifted ones of `lifted`. */
  static of(plan: Plan): Slots {
    const slots = new Slots();
    for (const trampoline of plan.trampolines) {
      if (trampoline.kind === "lower") {
        slots.#options(trampoline.options);
        if (trampoline.function.kind === "lift") slots.lift(trampoline.function);
      } else if (trampoline.kind === "builtin") {
        slots.#options(trampoline.options);
        if (trampoline.table !== undefined) slots.table(trampoline.table);
      }
    }
    for (const resource of plan.resources) {
      if (resource.kind === "defined" && resource.destructor !== undefined) {
        slots.function(resource.destructor);
      }
    }
    slots.#exports(plan.exports);
    return slots;
  }

  #exports(exports: Plan["exports"]): void {
    for (const item of exports.values()) {
      if (item.kind === "instance") this.#exports(item.exports);
      if (item.kind === "func" && item.function.kind === "lift") this.lift(item.function);
    }
  }
}

function slot(item: CoreItem, items: CoreItem[], indices: Map<string, number>): number {
  const key = coreItemKey(item);
  const known = indices.get(key);
  if (known !== undefined) return known;
  const index = items.push(item) - 1;
  indices.set(key, index);
  return index;
}

/** The same for the same item. */
export function coreItemKey(item: CoreItem): string {
  return item.kind === "export" ? `${item.instance}/${item.name}` : `trampoline ${item.trampoline}`;
}
