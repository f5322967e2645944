import { WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import type {
  Plan,
  PlanComponentInstance,
  PlanCoreInstance,
  PlanExport,
  PlanImport,
  PlanResource,
  Trampoline,
} from "./plan.ts";

/** Lengths of all parts of a plan under way. */
type Mark = readonly number[];

/** Collects the parts of a plan; each `add` returns the index of what it added. */
export class PlanBuilder {
  readonly #modules: Uint8Array<ArrayBuffer>[] = [];
  readonly #moduleIndices = new Map<Uint8Array<ArrayBuffer>, number>();
  readonly #imports: PlanImport[] = [];
  readonly #resources: PlanResource[] = [];
  readonly #componentInstances: PlanComponentInstance[] = [];
  readonly #coreInstances: PlanCoreInstance[] = [];
  readonly #trampolines: Trampoline[] = [];

  /** One entry per module, however often it is instantiated. */
  addModule(bytes: Uint8Array<ArrayBuffer>): number {
    const known = this.#moduleIndices.get(bytes);
    if (known !== undefined) return known;
    const index = this.#modules.push(bytes) - 1;
    this.#moduleIndices.set(bytes, index);
    return index;
  }

  hasModule(bytes: Uint8Array<ArrayBuffer>): boolean {
    return this.#moduleIndices.has(bytes);
  }

  /** Index of the next import. */
  get importCount(): number {
    return this.#imports.length;
  }

  addImport(item: PlanImport): number {
    return add(this.#imports, item, "imports");
  }

  addResource(item: PlanResource): number {
    return add(this.#resources, item, "resource types");
  }

  /** Whether a component instance itself defines a resource. */
  isDefinedBy(resource: number, instance: number): boolean {
    const found = this.#resources[resource];
    return found?.kind === "defined" && found.instance === instance;
  }

  addComponentInstance(item: PlanComponentInstance): number {
    return add(this.#componentInstances, item, "component instances");
  }

  addCoreInstance(item: PlanCoreInstance): number {
    return add(this.#coreInstances, item, "core instances");
  }

  addTrampoline(item: Trampoline): number {
    return add(this.#trampolines, item, "canonical definitions");
  }

  /** For {@link reset}. */
  mark(): Mark {
    return this.#parts().map((part) => part.length);
  }

  /** Forgets what was added since `mark`. */
  reset(mark: Mark): void {
    for (const bytes of this.#modules.slice(mark[0])) this.#moduleIndices.delete(bytes);
    this.#parts().forEach((part, index) => {
      part.length = mark[index] ?? 0;
    });
  }

  #parts(): { length: number }[] {
    return [
      this.#modules,
      this.#imports,
      this.#resources,
      this.#componentInstances,
      this.#coreInstances,
      this.#trampolines,
    ];
  }

  build(exports: ReadonlyMap<string, PlanExport>): Plan {
    return {
      modules: this.#modules,
      imports: this.#imports,
      resources: this.#resources,
      componentInstances: this.#componentInstances,
      coreInstances: this.#coreInstances,
      trampolines: this.#trampolines,
      exports,
    };
  }
}

function add<T>(items: T[], item: T, what: string): number {
  if (items.length >= limits.indexSpaceItemsMax) {
    throw new WhorlError(
      "limit",
      `the component has more than ${limits.indexSpaceItemsMax} ${what} with all its nested components`,
    );
  }
  return items.push(item) - 1;
}
