import { readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

/** The calling thread as the kernel numbers it; undefined where it does not say. */
export function ownThread(): number | undefined {
  try {
    return Number(basename(readlinkSync("/proc/thread-self")));
  } catch {
    return undefined;
  }
}

/** Processor time of a thread of this process; undefined where the kernel does not count it. */
export function spentMs(thread: number | undefined): number | undefined {
  if (thread === undefined) return undefined;
  try {
    const counters = readFileSync(`/proc/self/task/${thread}/schedstat`, "latin1");
    const ms = Number.parseInt(counters, 10) / 1e6;
    return Number.isNaN(ms) ? undefined : ms;
  } catch {
    // The thread has ended, or this is no Linux.
    return undefined;
  }
}
