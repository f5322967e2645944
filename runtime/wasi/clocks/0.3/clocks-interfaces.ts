import type { HostCall, HostInterface } from "../../../instance/host-interface.ts";
import { final03 } from "../../release-candidate.ts";
import type { WasiContext } from "../../context.ts";
import { TimerPollable } from "../timer-pollable.ts";

/** wasi:clocks/system-clock@0.3 `instant`. */
export interface Instant {
  readonly seconds: bigint;
  /** Less than 1,000,000,000, also before 1970. */
  readonly nanoseconds: number;
}

const nsPerSecond = 1_000_000_000n;

/** Nanoseconds since 1970 as an instant. */
export function instantOf(ns: bigint): Instant {
  const rest = ((ns % nsPerSecond) + nsPerSecond) % nsPerSecond;
  return { seconds: (ns - rest) / nsPerSecond, nanoseconds: Number(rest) };
}

/** Settles at the deadline, or when the guest gives the call up. */
async function waitUntil({ clocks }: WasiContext, whenNs: bigint, call: HostCall): Promise<void> {
  const timer = new TimerPollable(clocks, whenNs);
  const { signal } = call;
  const aborted = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  while (!timer.isReady() && !signal.aborted) await Promise.race([timer.wait(), aborted]);
  timer.dropPollable();
}

/** wasi:clocks/monotonic-clock@0.3; marks and durations are nanoseconds. */
const monotonicClock03: HostInterface<WasiContext> = {
  name: "wasi:clocks/monotonic-clock",
  version: final03,
  functions: {
    now: ({ clocks }: WasiContext) => clocks.monotonicNs(),
    "get-resolution": () => 1n,
    "wait-until": waitUntil,
    "wait-for": (context: WasiContext, durationNs: bigint, call: HostCall) =>
      waitUntil(context, context.clocks.monotonicNs() + durationNs, call),
  },
  suspending: new Set(),
  resources: {},
};

/** wasi:clocks/system-clock@0.3. */
const systemClock03: HostInterface<WasiContext> = {
  name: "wasi:clocks/system-clock",
  version: final03,
  functions: {
    now: ({ clocks }: WasiContext) => instantOf(clocks.wallNs()),
    "get-resolution": () => 1_000_000n,
  },
  suspending: new Set(),
  resources: {},
};

/** wasi:clocks@0.3. */
export const clocksInterfaces03: readonly HostInterface<WasiContext>[] = [
  monotonicClock03,
  systemClock03,
];
