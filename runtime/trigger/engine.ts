import { MemoryMapper } from "../instance/ffi-memory.ts";
import { limits } from "../limits.ts";
import { PrepareCache } from "../prepare/prepare-cache.ts";

/** What all components of a process share. */
export interface Engine extends Disposable {
  /** Makes memories copy-on-write; undefined where the system cannot, then they are copied. */
  readonly mapper: MemoryMapper | undefined;
  /** Keeps what was prepared for later processes; undefined for none. */
  readonly cache: PrepareCache | undefined;
}

export interface EngineOptions {
  /** Where prepared components are kept; undefined: nowhere. */
  readonly cacheDirectory: string | undefined;
  /** What prepared components depend on beside their bytes: Whorl's own version. */
  readonly version: string;
  onWarning(message: string): void;
}

/** Made once per process, disposed when no component is served any more. */
export function openEngine(options: EngineOptions): Engine {
  const { cacheDirectory, version, onWarning } = options;
  const mapper = MemoryMapper.open();
  const cache =
    cacheDirectory === undefined
      ? undefined
      : new PrepareCache({
          directory: cacheDirectory,
          version,
          bytesMax: limits.prepareCacheBytesMax,
          onWarning,
        });
  return { mapper, cache, [Symbol.dispose]: () => mapper?.[Symbol.dispose]() };
}
