import { WhorlError } from "../error.ts";
import { type HostImports, interruptName } from "../prepare/interruptible-module.ts";

/**
 * What a rewritten module imports from the host itself: memories of its own, and the page that it
 * looks at. Throws `limit` when the system has no room for a memory.
 */
export function hostImports(
  { memories, isWatched }: HostImports,
  page: WebAssembly.Memory,
): Record<string, unknown> {
  const imports: Record<string, unknown> = {};
  for (const { name, initial, maximum } of memories) {
    try {
      imports[name] = new WebAssembly.Memory(
        maximum === undefined ? { initial } : { initial, maximum },
      );
    } catch (error) {
      throw new WhorlError("limit", "the system has no memory for another instance", {
        cause: error,
      });
    }
  }
  if (isWatched) imports[interruptName] = page;
  return imports;
}
