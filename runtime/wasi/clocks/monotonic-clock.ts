import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import { TimerPollable } from "./timer-pollable.ts";

/** wasi:clocks/monotonic-clock; instants and durations are nanoseconds. */
export const monotonicClock: HostInterface<WasiContext> = {
  name: "wasi:clocks/monotonic-clock",
  version: "0.2.12",
  functions: {
    now: (context: WasiContext) => context.clocks.monotonicNs(),
    resolution: () => 1n,
    "subscribe-instant": (context: WasiContext, whenNs: bigint) =>
      new TimerPollable(context.clocks, whenNs),
    "subscribe-duration": (context: WasiContext, durationNs: bigint) =>
      new TimerPollable(context.clocks, context.clocks.monotonicNs() + durationNs),
  },
  suspending: new Set(),
  resources: {},
};
