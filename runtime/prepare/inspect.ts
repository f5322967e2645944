import { linkComponent } from "../component/link.ts";
import { invalidity } from "./module-validity.ts";
import type { Plan, PlanExport } from "../component/plan.ts";
import type { FuncType } from "../component/types.ts";
import { WhorlError } from "../error.ts";
import { encodeCoreModule, type EncodingTools } from "./encode-core-module.ts";
import { sectionIds } from "./core-sections.ts";
import { type ModuleFacts, readModuleFacts } from "./module-facts.ts";
import { isCoreModule, type ModuleKind, moduleKind } from "./module-kind.ts";
import { boundlessness } from "./prepare.ts";
import { type ProvedModules, proveReset } from "./reset-proof.ts";

/** What can be told of a component without running it. */
export interface Inspection {
  /** Of the file. */
  readonly bytes: number;
  readonly format:
    | { readonly kind: "component" }
    /** Made a component of so many bytes when it is loaded. */
    | {
        readonly kind: "core-module";
        readonly made: ModuleKind["kind"];
        readonly componentBytes: number;
      };
  readonly imports: readonly InspectedImport[];
  readonly exports: readonly InspectedExport[];
  readonly coreModules: readonly InspectedModule[];
  readonly instances: { readonly core: number; readonly component: number };
  readonly isolation: InspectedIsolation;
  readonly interruption: InspectedInterruption;
  /** What keeps it from being run here; empty if nothing does. */
  readonly unsupported: readonly { readonly what: string; readonly reason: string }[];
}

/** Functions of one interface that the component calls, or one function by itself. */
export interface InspectedImport {
  /** Undefined for functions that are imported by themselves. */
  readonly interface: string | undefined;
  readonly functions: readonly { readonly name: string; readonly isProvided: boolean }[];
  readonly resources: readonly string[];
}

export interface InspectedExport {
  readonly name: string;
  readonly kind: PlanExport["kind"];
  /** Of an instance; of a function its own name. */
  readonly functions: readonly { readonly name: string; readonly isAsync: boolean }[];
}

export interface InspectedModule {
  readonly bytes: number;
  /** Undefined where the module could not be read. */
  readonly codeBytes?: number;
  readonly dataBytes?: number;
  readonly functions?: number;
  /** Memories it defines: pages of 64 KiB at first. */
  readonly memoryPages?: readonly number[];
  readonly mutableGlobals?: number;
}

/** How each request gets an instance of its own. */
export type InspectedIsolation =
  /** One that has served is put back to where it began: this is proved to be complete. */
  | { readonly kind: "reset"; readonly memories: number; readonly globals: number }
  | { readonly kind: "new-instance"; readonly reason: string };

/** Whether a guest that never lets go can be stopped, and held to its limits of memory. */
export type InspectedInterruption =
  /** So many core modules look whether they have to end, in loops and recursion; others cannot run on. */
  | { readonly kind: "possible"; readonly checkedModules: number }
  | { readonly kind: "impossible"; readonly reason: string };

export interface InspectOptions {
  /** Whether the host has this function; `interfaceName` is undefined for one by itself. */
  readonly provides: (interfaceName: string | undefined, name: string) => boolean;
  /** Asked for only when the file is a core module. */
  readonly tools: () => Promise<EncodingTools>;
}

/**
 * Looks into a component or core module; nothing of it runs. Throws what
 * {@link linkComponent} and {@link encodeCoreModule} throw for a file that cannot be loaded at all.
 */
export async function inspectComponent(
  bytes: Uint8Array<ArrayBuffer>,
  { provides, tools }: InspectOptions,
): Promise<Inspection> {
  const isModule = isCoreModule(bytes);
  const component = isModule ? await encodeCoreModule(bytes, await tools()) : bytes;
  const plan = linkComponent(component);
  const imports = inspectImports(plan, provides);
  const rewritten = proveReset(plan, { isInterruptible: true });
  return {
    bytes: bytes.length,
    format: isModule
      ? { kind: "core-module", made: moduleKind(bytes).kind, componentBytes: component.length }
      : { kind: "component" },
    imports,
    exports: [...plan.exports].map(([name, item]) => inspectExport(name, item)),
    coreModules: plan.modules.map(inspectModule),
    instances: { core: plan.coreInstances.length, component: plan.componentInstances.length },
    isolation: inspectIsolation(plan, rewritten),
    interruption: inspectInterruption(rewritten),
    unsupported: [...missingImports(imports), ...invalidModules(plan)],
  };
}

function inspectImports(plan: Plan, provides: InspectOptions["provides"]): InspectedImport[] {
  const called = new Set<number>();
  for (const trampoline of plan.trampolines) {
    if (trampoline.kind === "lower" && trampoline.function.kind === "import") {
      called.add(trampoline.function.import);
    }
  }
  const groups = Map.groupBy(plan.imports.entries(), ([, item]) => item.interfaceName);
  return [...groups].map(([interfaceName, items]) => ({
    interface: interfaceName,
    // A function that no code can call needs no host.
    functions: items
      .filter(([index, { kind }]) => kind === "func" && called.has(index))
      .map(([, { name }]) => ({ name, isProvided: provides(interfaceName, name) })),
    resources: items.filter(([, { kind }]) => kind === "resource").map(([, { name }]) => name),
  }));
}

function inspectExport(name: string, item: PlanExport): InspectedExport {
  const functions: { name: string; isAsync: boolean }[] = [];
  if (item.kind === "func") functions.push(inspectFunction(name, item.function.type));
  if (item.kind === "instance") {
    for (const [inner, exported] of item.exports) {
      if (exported.kind === "func") functions.push(inspectFunction(inner, exported.function.type));
    }
  }
  return { name, kind: item.kind, functions };
}

function inspectFunction(name: string, type: FuncType): { name: string; isAsync: boolean } {
  return { name, isAsync: type.async };
}

function inspectModule(bytes: Uint8Array<ArrayBuffer>): InspectedModule {
  const facts = readableFacts(bytes);
  if (facts === undefined) return { bytes: bytes.length };
  const size = (id: number): number => facts.sections.contents.get(id)?.length ?? 0;
  return {
    bytes: bytes.length,
    codeBytes: size(sectionIds.code),
    dataBytes: size(sectionIds.data),
    functions: facts.bodies.length,
    memoryPages: facts.memories
      .filter(({ imported }) => imported === undefined)
      .map(({ initial }) => initial),
    mutableGlobals: facts.mutableGlobals.length,
  };
}

function readableFacts(bytes: Uint8Array<ArrayBuffer>): ModuleFacts | undefined {
  try {
    return readModuleFacts(bytes);
  } catch (error) {
    if (error instanceof WhorlError) return undefined;
    throw error;
  }
}

function inspectInterruption({ host, proof }: ProvedModules): InspectedInterruption {
  const reason = boundlessness({ host, reset: proof });
  if (reason !== undefined) return { kind: "impossible", reason };
  const checked = host.filter((each) => each?.isWatched === true);
  return { kind: "possible", checkedModules: checked.length };
}

function inspectIsolation(plan: Plan, { proof }: ProvedModules): InspectedIsolation {
  if (proof.kind === "refused") return { kind: "new-instance", reason: proof.reason };
  const states = plan.coreInstances.map(({ module }) => proof.modules[module]);
  const count = (key: "memories" | "globals"): number =>
    states.reduce((sum, state) => sum + (state?.[key].length ?? 0), 0);
  return { kind: "reset", memories: count("memories"), globals: count("globals") };
}

function missingImports(imports: readonly InspectedImport[]): Inspection["unsupported"] {
  return imports.flatMap((item) =>
    item.functions
      .filter(({ isProvided }) => !isProvided)
      .map(({ name }) => ({
        what: item.interface === undefined ? name : `${item.interface}#${name}`,
        reason: "imported, and nothing here provides it",
      })),
  );
}

/** Modules that the engine refuses, and why. */
function invalidModules({ modules }: Plan): Inspection["unsupported"] {
  return modules.flatMap((bytes, index) => {
    const reason = invalidity(bytes);
    return reason === undefined ? [] : [{ what: `core module ${index}`, reason }];
  });
}
