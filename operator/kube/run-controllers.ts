import { OperatorError } from "../error.ts";
import { limits } from "../limits.ts";
import { aborted, systemClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import type { Caches } from "./caches.ts";
import type { Controller } from "./controller.ts";
import type { EventRecorder } from "./event-recorder.ts";
import type { LeaderElector } from "./leader-elector.ts";

/** What makes up a running operator. */
export interface ControllersToRun {
  readonly caches: Caches;
  readonly controllers: readonly Controller[];
  readonly recorder?: EventRecorder | undefined;
  /** Without one, this process always leads. */
  readonly elector?: LeaderElector | undefined;
  /** Ends everything in order: controllers finish what runs, the Lease is released. */
  readonly signal: AbortSignal;
  readonly clock?: Clock | undefined;
}

/**
 * Fills caches and queues at once (a standby is warm), works while this process leads, and ends in
 * order: controllers, Lease, events, watches. Resolves with `lost` when another replica leads: the
 * process should end then. Throws `timeout` when not everything could be read at the start.
 */
export async function runControllers(run: ControllersToRun): Promise<"stopped" | "lost"> {
  const { caches, controllers, recorder, elector, signal } = run;
  // Watches and events outlive the controllers, which need them to the end.
  const background = new AbortController();
  const attached = new DisposableStack();
  for (const controller of controllers) attached.use(controller.attach());
  const watching = caches.run(background.signal);
  const telling = recorder?.run(background.signal);
  const lead = async (leading: AbortSignal): Promise<void> => {
    await Promise.all(controllers.map(async (controller) => await controller.run(leading)));
    await aborted(leading);
  };
  try {
    // Nobody leads who does not know what there is.
    await readInTime(run);
    if (elector === undefined) {
      await lead(signal);
      return "stopped";
    }
    return (await elector.run({ signal, lead })) === "lost" ? "lost" : "stopped";
  } finally {
    attached.dispose();
    background.abort();
    await watching;
    await telling;
  }
}

/**
 * Resolves when all caches are read, or the signal came. Throws `timeout`, with what cannot be read:
 * a process that ends with this is seen and started anew, one that waits for ever is not.
 */
async function readInTime({
  caches,
  signal,
  clock = systemClock,
}: ControllersToRun): Promise<void> {
  const { promise: overdue, reject } = Promise.withResolvers<never>();
  const timer = clock.setTimer(limits.cacheSyncMsMax, () => {
    const seconds = limits.cacheSyncMsMax / 1000;
    const what = caches.complaint() ?? "";
    reject(new OperatorError("timeout", `not everything could be read in ${seconds} s: ${what}`));
  });
  try {
    await Promise.race([caches.synced(signal), overdue]);
  } finally {
    timer.cancel();
  }
}

/** The part of `process` that tells of rejections that nobody handles. */
export interface RejectionSource {
  on(event: "unhandledRejection", listener: (reason: unknown) => void): unknown;
  off(event: "unhandledRejection", listener: (reason: unknown) => void): unknown;
}

/** Until disposed, rejections that nobody handles are told to `report` and do not end the process. */
export function surviveRejections(
  source: RejectionSource,
  report: (reason: unknown) => void,
): Disposable {
  source.on("unhandledRejection", report);
  return { [Symbol.dispose]: () => void source.off("unhandledRejection", report) };
}
