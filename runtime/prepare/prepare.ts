import { linkComponent } from "../component/link.ts";
import type { Plan } from "../component/plan.ts";
import { errorText, WhorlError } from "../error.ts";
import { type ResetProof, proveReset } from "./reset-proof.ts";

/** What is done once per component: decoded, validated, linked, its core modules compiled. */
export interface PreparedComponent {
  readonly plan: Plan;
  /** By index of Plan.modules. */
  readonly modules: readonly WebAssembly.Module[];
  /** Whether an instance can be put back to where it began, and how. */
  readonly reset: ResetProof;
}

/**
 * Prepares a component binary. Throws WhorlError: what {@link linkComponent} throws, `invalid` for
 * a core module that V8 refuses.
 */
export async function prepareComponent(bytes: Uint8Array<ArrayBuffer>): Promise<PreparedComponent> {
  const plan = linkComponent(bytes);
  const { modules: sources, proof } = proveReset(plan.modules);
  const modules = await Promise.all(sources.map(compileModule));
  return { plan, modules, reset: proof };
}

async function compileModule(
  bytes: Uint8Array<ArrayBuffer>,
  index: number,
): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw new WhorlError("invalid", `core module ${index}: ${errorText(error)}`, { cause: error });
  }
}
