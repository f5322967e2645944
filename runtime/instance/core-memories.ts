import type { CoreSnapshot } from "./snapshot.ts";

/** Memories of one instance, by core instance. */
export type InstanceMemories = readonly WebAssembly.Memory[][];

type CoreExports = Readonly<Record<string, unknown>>;

/**
 * The memories of core instances that were put back and will not be used again, by core instance,
 * each as good as a new one; undefined where they cannot be made so: none of them must be used then.
 * They may be larger than a new one, which guests that were proved to be resettable do not see
 * (ResettableMemory.hasLogicalSize).
 */
export function emptiedMemories(
  instances: readonly CoreExports[],
  snapshots: readonly CoreSnapshot[],
): WebAssembly.Memory[][] | undefined {
  const emptied: WebAssembly.Memory[][] = [];
  for (const [index, { state, memories }] of snapshots.entries()) {
    const found = state.memories.map(({ name }) => instances[index]?.[name] as WebAssembly.Memory);
    if (!found.every((memory, at) => memories[at]?.empty(memory))) return undefined;
    emptied.push(found);
  }
  return emptied;
}

/** Gives back the pages of core instances that were put back, and stay so; false where some stay. */
export function restMemories(
  instances: readonly CoreExports[],
  snapshots: readonly CoreSnapshot[],
): boolean {
  return snapshots.every(({ state, memories }, index) =>
    state.memories.every(({ name }, at) =>
      memories[at]?.rest(instances[index]?.[name] as WebAssembly.Memory),
    ),
  );
}

/** Their size now, of which the system need not have given every page. */
export function bytesOf(memories: ReadonlySet<WebAssembly.Memory>): number {
  return [...memories].reduce((bytes, { buffer }) => bytes + buffer.byteLength, 0);
}

/** Each once, however many core instances export it. */
export function memoriesOf(instances: readonly CoreExports[]): ReadonlySet<WebAssembly.Memory> {
  const memories = new Set<WebAssembly.Memory>();
  for (const exports of instances) {
    for (const each of Object.values(exports)) {
      if (each instanceof WebAssembly.Memory) memories.add(each);
    }
  }
  return memories;
}
