import type { CoreItem, Plan, PlanCoreInstance } from "../component/plan.ts";
import { WhorlError } from "../error.ts";
import { type CoreSections, sectionIds, writeCoreSections } from "./core-sections.ts";
import { type HostImports, makeInterruptible } from "./interruptible-module.ts";
import { type ModuleFacts, readModuleFacts } from "./module-facts.ts";
import {
  bareModule,
  makeResettable,
  pagesName,
  type ResettableState,
} from "./resettable-module.ts";

/**
 * Whether all state that guest code can change can be put back from outside, so that an instance
 * can serve again as if it were new.
 */
export type ResetProof =
  /** By index of Plan.modules. */
  | { readonly kind: "proved"; readonly modules: readonly ResettableState[] }
  | { readonly kind: "refused"; readonly reason: string };

export interface ProvedModules {
  /** The modules to compile: rewritten where the proof holds, else as they were. */
  readonly modules: readonly Uint8Array<ArrayBuffer>[];
  /** The rewritten modules without what fills memories; undefined where that is not worth it. */
  readonly bareModules: readonly Uint8Array<ArrayBuffer>[] | undefined;
  /** Core instances of the plan with what the rewrite imports in addition. */
  readonly coreInstances: readonly PlanCoreInstance[];
  readonly proof: ResetProof;
  /** By index of Plan.modules: what the rewrite makes them import; undefined for one left alone. */
  readonly host: readonly (HostImports | undefined)[];
  /** Whether the modules of the plan are known to be valid. */
  readonly isValidated: boolean;
}

export interface RewriteOptions {
  /** Whether modules take their memories from the host and can be told to stop. */
  readonly isInterruptible?: boolean;
  /** Of each table of such a module; that of limits.ts by default. */
  readonly tableElementsMax?: number | undefined;
}

/** Below this much data, filling a memory costs no more than mapping a snapshot over it. */
const bareDataBytesMin = 256 * 1024;

/** i32, i64, f32, f64, funcref, externref: what JavaScript can read from a global and write back. */
const restorableTypes: ReadonlySet<number> = new Set([0x7f, 0x7e, 0x7d, 0x7c, 0x70, 0x6f]);

/**
 * Reads all core modules of a component. State of a core instance is: memories and their sizes,
 * mutable globals, tables, and which segments are dropped (core specification, 4.2). The first two
 * can be put back; the proof is that no instruction changes the others. Host-side state (handles,
 * task state) is made anew for each request anyway. Throws `limit` for a table that is too large.
 */
export function proveReset(plan: Plan, options: RewriteOptions = {}): ProvedModules {
  const facts = readableFacts(plan);
  if (typeof facts === "string") return { ...leftAlone(plan, facts), isValidated: false };
  const reason = facts.map(refusal).find((each) => each !== undefined);
  return reason === undefined
    ? proved(plan, facts, options)
    : refused(plan, facts, { ...options, reason });
}

/** What cannot be read here may be fine for the engine, which validates it: then the reason. */
function readableFacts({ modules, coreInstances }: Plan): readonly ModuleFacts[] | string {
  try {
    const facts = modules.map(readModuleFacts);
    // An index that names nothing could name what the rewrite adds.
    const invalid = modules.findIndex((module) => !WebAssembly.validate(module));
    if (invalid >= 0) return `core module ${invalid} is not valid`;
    for (const core of coreInstances) withCounts(core, facts);
    return facts;
  } catch (error) {
    if (!(error instanceof WhorlError)) throw error;
    return error.message;
  }
}

function leftAlone({ modules, coreInstances }: Plan, reason: string): ProvedModules {
  return {
    modules,
    bareModules: undefined,
    coreInstances,
    proof: { kind: "refused", reason },
    host: modules.map(() => undefined),
    isValidated: true,
  };
}

function refused(
  plan: Plan,
  facts: readonly ModuleFacts[],
  {
    reason,
    isInterruptible = false,
    tableElementsMax,
  }: RewriteOptions & { readonly reason: string },
): ProvedModules {
  const untouched = leftAlone(plan, reason);
  if (!isInterruptible || facts.some((each) => each.hasReservedNames)) return untouched;
  const made = facts.map((each) => makeInterruptible(each, each.sections, tableElementsMax));
  return {
    ...untouched,
    modules: made.map(({ sections }) => writeCoreSections(sections)),
    host: made.map(({ host }) => host),
  };
}

function proved(
  { coreInstances }: Plan,
  facts: readonly ModuleFacts[],
  { isInterruptible = false, tableElementsMax }: RewriteOptions,
): ProvedModules {
  const isSizeShared = facts.some(({ memories }) =>
    memories.some(({ imported, isSized }) => imported !== undefined && isSized),
  );
  const rewritten = facts.map((each) => {
    const { sections, state } = makeResettable(each, { isSizeShared });
    const made: { sections: CoreSections; host?: HostImports } = isInterruptible
      ? makeInterruptible(each, sections, tableElementsMax)
      : { sections };
    return { ...made, state };
  });
  return {
    modules: rewritten.map(({ sections }) => writeCoreSections(sections)),
    bareModules: dataBytes(facts) < bareDataBytesMin ? undefined : rewritten.map(bareModule),
    coreInstances: isSizeShared
      ? coreInstances.map((core) => withCounts(core, facts))
      : coreInstances,
    proof: { kind: "proved", modules: rewritten.map(({ state }) => state) },
    host: rewritten.map(({ host }) => host),
    isValidated: true,
  };
}

function dataBytes(facts: readonly ModuleFacts[]): number {
  const sizes = facts.map(({ sections }) => sections.contents.get(sectionIds.data)?.length ?? 0);
  return sizes.reduce((sum, size) => sum + size, 0);
}

function refusal(facts: ModuleFacts, index: number): string | undefined {
  if (facts.irreversible !== undefined) return `core module ${index} uses ${facts.irreversible}`;
  if (facts.hasReservedNames) return `core module ${index} uses names of the form "whorl:"`;
  if (facts.memories.some(({ isWide }) => isWide)) {
    return `core module ${index} has a memory with 64-bit addresses`;
  }
  const odd = facts.mutableGlobals.find(({ valueType }) => !restorableTypes.has(valueType));
  if (odd === undefined) return undefined;
  return `core module ${index} has a mutable global of type 0x${odd.valueType.toString(16)}`;
}

/** With each memory comes the count of its pages, from the instance that the memory comes from. */
function withCounts(core: PlanCoreInstance, facts: readonly ModuleFacts[]): PlanCoreInstance {
  const memories = facts[core.module]?.memories ?? [];
  const imports = new Map<string, ReadonlyMap<string, CoreItem>>(core.imports);
  for (const { imported } of memories) {
    if (imported === undefined) continue;
    const fields = imports.get(imported.module);
    const item = fields?.get(imported.name);
    if (fields === undefined || item?.kind !== "export") {
      throw new WhorlError("invalid", `the memory ${imported.name} is not that of an instance`);
    }
    const count: CoreItem = { ...item, name: pagesName(item.name) };
    imports.set(imported.module, new Map(fields).set(pagesName(imported.name), count));
  }
  return { ...core, imports };
}
