import { WhorlError } from "../error.ts";
import type { HostImports, HostMemory } from "../prepare/interruptible-module.ts";

const pageBytes = 65_536;
/** Of an address space. */
const pagesMax = (memory: HostMemory): number => (memory.isWide === true ? Infinity : 65_536);

/** As much of a recipe as this is about. */
interface WithHost {
  readonly host: HostImports | undefined;
}

/**
 * Recipes whose memories cannot become larger than `memoryBytesMax` together. One memory may have
 * all that is left by the others; several share equally what is left by their beginnings, since
 * none can know how much another one has grown. Throws `limit` when they begin with more.
 */
export function boundMemories<R extends WithHost>(
  recipes: readonly R[],
  memoryBytesMax: number,
): readonly R[] {
  const memories = recipes.flatMap(({ host }) => host?.memories ?? []);
  const initial = memories.reduce((sum, each) => sum + each.initial, 0);
  const limit = Math.floor(memoryBytesMax / pageBytes);
  if (initial > limit) {
    throw new WhorlError(
      "limit",
      `the component's memory begins with ${initial * pageBytes} bytes, more than the limit of ` +
        `${memoryBytesMax} for one instance: raise the limit, or build it with less`,
    );
  }
  const growing = memories.filter((each) => each.initial < (each.maximum ?? pagesMax(each)));
  const share = growing.length === 0 ? 0 : Math.floor((limit - initial) / growing.length);
  return recipes.map((recipe) => {
    if (recipe.host === undefined) return recipe;
    const bounded = recipe.host.memories.map((each) => ({
      ...each,
      maximum: Math.min(each.maximum ?? pagesMax(each), each.initial + share),
    }));
    return { ...recipe, host: { ...recipe.host, memories: bounded } };
  });
}
