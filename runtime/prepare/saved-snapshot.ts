import type { KeptHandle } from "../abi/handle-table.ts";
import type { CacheEntry } from "./cache-entry.ts";

/** The state of an instance right after instantiation, as values that can be kept on disk. */
export interface SavedSnapshot {
  /** By index of Plan.coreInstances. */
  readonly cores: readonly SavedCore[];
  /** By component instance: what it holds of the host (see HandleTable.kept). */
  readonly handles?: readonly (readonly KeptHandle[])[] | undefined;
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
  readonly handles?: SavedSnapshot["handles"];
  readonly cores: readonly {
    readonly memories: readonly { readonly size: number; readonly offsets: readonly number[] }[];
    readonly globals: readonly (number | bigint | null)[];
  }[];
}

export function snapshotEntry({ cores, handles }: SavedSnapshot): CacheEntry {
  const header: Header = {
    handles,
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
  const { handles, cores: states } = header as Header;
  const cores = states.map(({ memories, globals }) => ({
    memories: memories.map(({ size, offsets }) => ({
      size,
      spans: offsets.map((offset) => ({ offset, bytes: blobs[next++] ?? new Uint8Array(0) })),
    })),
    globals,
  }));
  return { cores, handles };
}
