import type { CacheEntry } from "./cache-entry.ts";

/** The state of an instance right after instantiation, as values that can be kept on disk. */
export interface SavedSnapshot {
  /** By index of Plan.coreInstances. */
  readonly cores: readonly SavedCore[];
}

export interface SavedCore {
  readonly memories: readonly SavedMemory[];
  readonly globals: readonly (number | bigint | null)[];
}

export interface SavedMemory {
  /** Bytes of the memory; all outside of the spans are zero. */
  readonly size: number;
  readonly spans: readonly { readonly offset: number; readonly bytes: Uint8Array<ArrayBuffer> }[];
}

interface Header {
  readonly cores: readonly {
    readonly memories: readonly { readonly size: number; readonly offsets: readonly number[] }[];
    readonly globals: readonly (number | bigint | null)[];
  }[];
}

export function snapshotEntry({ cores }: SavedSnapshot): CacheEntry {
  const header: Header = {
    cores: cores.map(({ memories, globals }) => ({
      memories: memories.map(({ size, spans }) => ({
        size,
        offsets: spans.map(({ offset }) => offset),
      })),
      globals,
    })),
  };
  const blobs = cores.flatMap(({ memories }) =>
    memories.flatMap(({ spans }) => spans.map(({ bytes }) => bytes)),
  );
  return { header, blobs };
}

/** The inverse of {@link snapshotEntry}; bytes are views of the entry's. */
export function savedSnapshot({ header, blobs }: CacheEntry): SavedSnapshot {
  let next = 0;
  const cores = (header as Header).cores.map(({ memories, globals }) => ({
    memories: memories.map(({ size, offsets }) => ({
      size,
      spans: offsets.map((offset) => ({ offset, bytes: blobs[next++] ?? new Uint8Array(0) })),
    })),
    globals,
  }));
  return { cores };
}
