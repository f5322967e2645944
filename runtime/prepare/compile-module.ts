import { invalidity, validateWhenCalled } from "./module-validity.ts";
import { errorText, WhorlError } from "../error.ts";

/**
 * Compiles core modules that {@link checkModules}, or an earlier process, has found valid. Throws
 * `invalid` for what their sections alone show.
 */
export function compileModules(
  sources: readonly Uint8Array<ArrayBuffer>[],
): Promise<WebAssembly.Module[]> {
  validateWhenCalled();
  return Promise.all(sources.map(compileModule));
}

/** Throws `invalid`, with V8's reason, for modules that it refuses. */
export function checkModules(sources: readonly Uint8Array<ArrayBuffer>[]): void {
  for (const [index, bytes] of sources.entries()) {
    const reason = invalidity(bytes);
    if (reason !== undefined) throw new WhorlError("invalid", `core module ${index}: ${reason}`);
  }
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
