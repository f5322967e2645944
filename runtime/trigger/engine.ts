import { MemoryMapper } from "../instance/ffi-memory.ts";
import { GuestGuard } from "../instance/guest-guard.ts";
import { Watchdog } from "../instance/watchdog.ts";
import { defaultInstanceLimits, limits } from "../limits.ts";
import type { InstanceLimits } from "../limits.ts";
import { PrepareCache } from "../prepare/prepare-cache.ts";

/** What all components of a process share. */
export interface Engine extends Disposable {
  /** Makes memories copy-on-write; undefined where the system cannot, then they are copied. */
  readonly mapper: MemoryMapper | undefined;
  /** Ends guests that never let go, or take too long. */
  readonly guard: GuestGuard;
  readonly limits: InstanceLimits;
  /** Whether a component that could not be stopped or bounded is run all the same. */
  readonly runsUnbounded: boolean;
  /** Keeps what was prepared for later processes; undefined for none. */
  readonly cache: PrepareCache | undefined;
}

export interface EngineOptions {
  /** Where prepared components are kept; undefined: nowhere. */
  readonly cacheDirectory: string | undefined;
  /** What prepared components depend on beside their bytes: Whorl's own version. */
  readonly version: string;
  /** Bounds of guests; the defaults of limits.ts for what is not given. */
  readonly limits?: Partial<InstanceLimits>;
  /**
   * Also runs components that cannot be stopped or held to limits (prepare.ts), with a warning: for
   * a process that nobody else depends on, and where nobody asked for limits. False by default.
   */
  readonly runsUnbounded?: boolean;
  onWarning(message: string): void;
}

/** Made once per process, disposed when no component is served any more. */
export function openEngine(options: EngineOptions): Engine {
  const { cacheDirectory, version, onWarning } = options;
  const bounds = { ...defaultInstanceLimits, ...options.limits };
  const mapper = MemoryMapper.open();
  const watchdog = new Watchdog({ cpuMsMax: bounds.cpuMsMax });
  const guard = new GuestGuard({ watchdog, callMsMax: bounds.callMsMax });
  const cache =
    cacheDirectory === undefined
      ? undefined
      : new PrepareCache({
          directory: cacheDirectory,
          version,
          bytesMax: limits.prepareCacheBytesMax,
          onWarning,
        });
  return {
    mapper,
    cache,
    guard,
    limits: bounds,
    runsUnbounded: options.runsUnbounded === true,
    [Symbol.dispose]: () => {
      watchdog[Symbol.dispose]();
      mapper?.[Symbol.dispose]();
    },
  };
}
