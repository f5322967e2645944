import { WhorlError } from "../error.ts";
import {
  type HostImports,
  type HostMemory,
  interruptName,
} from "../prepare/interruptible-module.ts";

/**
 * What a rewritten module imports from the host itself: memories of its own, and the page that it
 * looks at. `kept` are as good as new, and taken instead of new ones. Throws `limit` when the system
 * has no room for a memory.
 */
export function hostImports(
  { memories, isWatched }: HostImports,
  page: WebAssembly.Memory,
  kept?: readonly WebAssembly.Memory[],
): Record<string, unknown> {
  const imports: Record<string, unknown> = {};
  for (const [index, { name, ...type }] of memories.entries()) {
    try {
      imports[name] = kept?.[index] ?? new WebAssembly.Memory(descriptor(type));
    } catch (error) {
      throw new WhorlError("limit", "the system has no memory for another instance", {
        cause: error,
        limit: "memory",
      });
    }
  }
  if (isWatched) imports[interruptName] = page;
  return imports;
}

type MemoryType = ConstructorParameters<typeof WebAssembly.Memory>[0];

function descriptor({ initial, maximum, isWide }: Omit<HostMemory, "name">): MemoryType {
  if (isWide !== true) return maximum === undefined ? { initial } : { initial, maximum };
  const wide = {
    address: "i64",
    initial: BigInt(initial),
    ...(maximum !== undefined && { maximum: BigInt(maximum) }),
  };
  // TypeScript knows memories of 32 bits only.
  return wide as unknown as MemoryType;
}
