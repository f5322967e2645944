import { endianness } from "node:os";
import { type Ffi, loadFfi } from "../instance/load-ffi.ts";

/** Numbers of sched_setattr(2) and sched_getattr(2). */
const calls: Readonly<Record<string, { readonly set: bigint; readonly get: bigint }>> = {
  x64: { set: 314n, get: 315n },
  arm64: { set: 274n, get: 275n },
};

/** struct sched_attr, as its first version has it. */
const attributes = { bytes: 48, flags: 8, runtime: 24 } as const;
/** SCHED_FLAG_RESET_ON_FORK: programs that this thread starts are as any other. */
const resetOnFork = 1n;
/** The shortest that the kernel gives. */
const turnNs = 100_000n;
/** As long as the kernel likes. */
const ordinary = 0n;

/**
 * From now on the calling thread has short turns: no more and no less of a processor than others, in
 * smaller pieces, and sooner. A thread that wakes does not wait until somebody else's turn of some
 * milliseconds is over if its own is shorter. Linux 6.12 knows that (EEVDF with slices of one's
 * own); where it is unknown or forbidden nothing changes.
 */
export function takeShortTurns(): void {
  withTurns((turns) => turns.set(turnNs));
}

/** As any other thread has them, from now on. */
export function takeOrdinaryTurns(): void {
  withTurns((turns) => turns.set(ordinary));
}

/** Nanoseconds of a turn of the calling thread; 0 where the kernel does not say. */
export function ownTurnNs(): bigint {
  return withTurns((turns) => turns.get()) ?? 0n;
}

interface Turns {
  get(): bigint;
  set(ns: bigint): void;
}

function withTurns<T>(use: (turns: Turns) => T): T | undefined {
  const numbers = calls[process.arch];
  if (process.platform !== "linux" || numbers === undefined || endianness() !== "LE") {
    return undefined;
  }
  try {
    return use(openTurns(loadFfi(), numbers));
  } catch {
    // No ffi in this Node, or not allowed here: turns are as long as anybody's.
    return undefined;
  }
}

function openTurns(ffi: Ffi, numbers: { set: bigint; get: bigint }): Turns {
  const { functions } = ffi.dlopen(null, {
    syscall: { arguments: ["i64", "i64", "pointer", "u64", "u64"], return: "i64" },
  });
  const own = Buffer.alloc(attributes.bytes);
  const address = ffi.getRawPointer(own);
  const calling = 0n;
  const read = (): boolean =>
    Number(functions.syscall(numbers.get, calling, address, BigInt(own.length), 0n)) === 0;
  return {
    get: () => (read() ? own.readBigUInt64LE(attributes.runtime) : 0n),
    set(ns) {
      // Policy and priority stay as they are.
      if (!read()) return;
      own.writeBigUInt64LE(own.readBigUInt64LE(attributes.flags) | resetOnFork, attributes.flags);
      own.writeBigUInt64LE(ns, attributes.runtime);
      functions.syscall(numbers.set, calling, address, 0n, 0n);
    },
  };
}
