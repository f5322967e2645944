import { readFileSync } from "node:fs";
import { PerformanceObserver } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { closedContext, type GuestApp } from "../isolation/guest-app.ts";
import { median } from "./statistics.ts";

/** Of one first call, in the order in which they come, microseconds. */
export const firstCallStages = [
  "memories",
  "V8 instantiates",
  "glue and snapshot",
  "guest answers",
  "put back",
] as const;

/** What goes on in several of the stages, microseconds. */
export const firstCallCauses = ["garbage collection", "no processor"] as const;

type Times = Record<(typeof firstCallStages)[number] | (typeof firstCallCauses)[number], number>;

/** One first call. */
export interface FirstCall extends Times {
  /** When it began, in milliseconds of performance.now(). */
  readonly startMs: number;
  readonly total: number;
  readonly pageFaults: number;
}

/** Where the time of first calls goes, microseconds. */
export interface FirstCallSplit {
  readonly p50: Times;
  /** Of the slowest hundredth. */
  readonly slowestMean: Times;
  /** Parts of the slowest hundredth that a garbage collection fell into. */
  readonly slowestCollected: number;
  /** The figure without the calls that a garbage collection fell into. */
  readonly uncollectedP99: number;
  readonly pageFaultsP50: number;
}

/** A garbage collection, or a step of one, on the thread that answers. */
export interface Collection {
  readonly startMs: number;
  readonly ms: number;
}

/** How long garbage was collected while the call was under way, microseconds. */
export function collectedUs(
  { startMs, total }: Pick<FirstCall, "startMs" | "total">,
  collections: readonly Collection[],
): number {
  const endMs = startMs + total / 1_000;
  let sum = 0;
  for (const each of collections) {
    const overlap = Math.min(endMs, each.startMs + each.ms) - Math.max(startMs, each.startMs);
    if (overlap > 0) sum += overlap * 1_000;
  }
  return sum;
}

export function splitOf(calls: readonly FirstCall[]): FirstCallSplit {
  const sorted = calls.toSorted((left, right) => left.total - right.total);
  const slowest = sorted.slice(Math.floor(sorted.length * 0.99));
  const quiet = sorted.filter((call) => call["garbage collection"] === 0);
  const collected = slowest.filter((call) => call["garbage collection"] > 0);
  return {
    p50: timesBy((name) => median(calls.map((call) => call[name]))),
    slowestMean: timesBy(
      (name) => slowest.reduce((sum, call) => sum + call[name], 0) / slowest.length,
    ),
    slowestCollected: collected.length / slowest.length,
    uncollectedP99: quiet[Math.floor(quiet.length * 0.99)]?.total ?? Number.NaN,
    pageFaultsP50: median(calls.map(({ pageFaults }) => pageFaults)),
  };
}

function timesBy(value: (name: keyof Times) => number): Times {
  const names = [...firstCallStages, ...firstCallCauses];
  return Object.fromEntries(names.map((name) => [name, value(name)])) as Times;
}

/** Time that V8 takes for memories and instances, microseconds; put back when it is disposed. */
class ConstructorClock implements Disposable {
  readonly #originals = { Memory: WebAssembly.Memory, Instance: WebAssembly.Instance };
  readonly spent = { Memory: 0, Instance: 0 };

  constructor() {
    const { spent } = this;
    for (const name of ["Memory", "Instance"] as const) {
      const timed = new Proxy<(new (...args: unknown[]) => object) & object>(
        this.#originals[name] as never,
        {
          construct(target, args) {
            const start = performance.now();
            const made = Reflect.construct<unknown[], object>(target, args);
            spent[name] += (performance.now() - start) * 1_000;
            return made;
          },
        },
      );
      Object.assign(WebAssembly, { [name]: timed });
    }
  }

  [Symbol.dispose](): void {
    Object.assign(WebAssembly, this.#originals);
  }
}

/** How long this thread has waited for a processor so far, microseconds (proc(5), schedstat). */
function waitedUs(): number {
  try {
    return Number(readFileSync("/proc/thread-self/schedstat", "latin1").split(" ")[1]) / 1_000;
  } catch {
    // Not on this system.
    return 0;
  }
}

/** Until V8's last garbage collections are reported. */
const reportMs = 20;

/** Measures so many first calls, each in an instance of its own. */
export async function measureFirstCallSplit(app: GuestApp, count: number): Promise<FirstCallSplit> {
  using clock = new ConstructorClock();
  const collections: Collection[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      collections.push({ startMs: startTime, ms: duration });
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  const calls: FirstCall[] = [];
  while (calls.length < count) calls.push(await oneCall(app, clock));
  await delay(reportMs);
  observer.disconnect();
  const whole = calls.map((call) => ({
    ...call,
    "garbage collection": collectedUs(call, collections),
  }));
  return splitOf(whole);
}

async function oneCall(app: GuestApp, { spent }: ConstructorClock): Promise<FirstCall> {
  app.pool.trim();
  spent.Memory = 0;
  spent.Instance = 0;
  const { minorPageFault } = process.resourceUsage();
  const waited = waitedUs();
  const startMs = performance.now();
  const lease = app.pool.take(closedContext());
  const takenMs = performance.now();
  const { status } = await app.drive(lease.instance, { path: "/" });
  const answeredMs = performance.now();
  lease[Symbol.dispose]();
  const endMs = performance.now();
  if (status !== 200) throw new Error(`the guest answered ${status}`);
  return {
    startMs,
    total: (endMs - startMs) * 1_000,
    memories: spent.Memory,
    "V8 instantiates": spent.Instance,
    "glue and snapshot": (takenMs - startMs) * 1_000 - spent.Memory - spent.Instance,
    "guest answers": (answeredMs - takenMs) * 1_000,
    "put back": (endMs - answeredMs) * 1_000,
    "garbage collection": 0,
    "no processor": waitedUs() - waited,
    pageFaults: process.resourceUsage().minorPageFault - minorPageFault,
  };
}
