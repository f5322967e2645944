import { WhorlError } from "../error.ts";
import { type ModuleFacts, readModuleFacts } from "./module-facts.ts";
import { hasReservedNames, makeResettable, type ResettableState } from "./resettable-module.ts";

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
  readonly proof: ResetProof;
}

/** i32, i64, f32, f64, funcref, externref: what JavaScript can read from a global and write back. */
const restorableTypes: ReadonlySet<number> = new Set([0x7f, 0x7e, 0x7d, 0x7c, 0x70, 0x6f]);

/**
 * Reads all core modules of a component. State of a core instance is: memory and its size, mutable
 * globals, tables, and which segments are dropped (core specification, 4.2). The first two can be
 * put back; the proof is that no instruction changes the others. Host-side state (handles, task
 * state) is made anew for each request anyway.
 */
export function proveReset(modules: readonly Uint8Array<ArrayBuffer>[]): ProvedModules {
  try {
    const facts = modules.map(readModuleFacts);
    const reason = facts.map(refusal).find((each) => each !== undefined);
    if (reason !== undefined) return { modules, proof: { kind: "refused", reason } };
    const rewritten = facts.map((each) =>
      makeResettable(each, { logicalMemory: !isSizeShared(facts) }),
    );
    return {
      modules: rewritten.map(({ bytes }) => bytes),
      proof: { kind: "proved", modules: rewritten.map(({ state }) => state) },
    };
  } catch (error) {
    // What cannot be read here may be fine for the engine, which validates it.
    if (!(error instanceof WhorlError)) throw error;
    return { modules, proof: { kind: "refused", reason: error.message } };
  }
}

function refusal(facts: ModuleFacts, index: number): string | undefined {
  if (facts.irreversible !== undefined) return `core module ${index} uses ${facts.irreversible}`;
  if (hasReservedNames(facts)) return `core module ${index} exports names of the form "whorl:"`;
  const odd = facts.mutableGlobals.find(({ valueType }) => !restorableTypes.has(valueType));
  if (odd === undefined) return undefined;
  return `core module ${index} has a mutable global of type 0x${odd.valueType.toString(16)}`;
}

/** A module that grows a memory of another one would not know of that one's count of pages. */
function isSizeShared(facts: readonly ModuleFacts[]): boolean {
  return facts.some(({ importsMemory, usesMemorySize }) => importsMemory && usesMemorySize);
}
