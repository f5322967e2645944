import { linkComponent } from "../component/link.ts";
import type { Plan } from "../component/plan.ts";
import { errorText, WhorlError } from "../error.ts";
import { importMemory, type MemoryType } from "./import-memory.ts";

/** What is done once per component: decoded, validated, linked, its core modules compiled. */
export interface PreparedComponent {
  readonly plan: Plan;
  /** By index of Plan.modules. */
  readonly modules: readonly PreparedModule[];
}

export interface PreparedModule {
  readonly compiled: WebAssembly.Module;
  /** The memory that the module has been made to import (import-memory.ts), if any. */
  readonly memory: MemoryType | undefined;
}

/**
 * Prepares a component binary. Throws WhorlError: what {@link linkComponent} throws, `invalid` for
 * a core module that V8 refuses.
 */
export async function prepareComponent(bytes: Uint8Array<ArrayBuffer>): Promise<PreparedComponent> {
  const plan = linkComponent(bytes);
  const modules = await Promise.all(plan.modules.map(prepareModule));
  return { plan, modules };
}

async function prepareModule(
  bytes: Uint8Array<ArrayBuffer>,
  index: number,
): Promise<PreparedModule> {
  try {
    const rewritten = importMemory(bytes);
    const compiled = await WebAssembly.compile(rewritten?.bytes ?? bytes);
    return { compiled, memory: rewritten?.memory };
  } catch (error) {
    if (error instanceof WhorlError) throw error;
    throw new WhorlError("invalid", `core module ${index}: ${errorText(error)}`, { cause: error });
  }
}
