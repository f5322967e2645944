import type { CronTrigger } from "../../app/app.ts";
import { cronExpression } from "../../app/cron-expression.ts";
import { errorText } from "../../error.ts";
import { limits } from "../../limits.ts";
import type { ExportCandidate, ExportWish } from "../component-exports.ts";
import type { EventHandler } from "./event-handler.ts";
import { EventQueue } from "./event-queue.ts";
import type { RunningTrigger, TriggerServices } from "./running-trigger.ts";

const wish: ExportWish<ExportCandidate> = {
  what: "a handler of points in time (handle-cron-event)",
  candidates: [{ interface: undefined, tracks: [], function: "handle-cron-event" }],
};

/** Largest delay that Node's timers take. */
const timerMsMax = 0x7fff_ffff;

/**
 * Calls each component at the points in time of its expression, in UTC, with the seconds since
 * 1970. A point that the process slept through is not made up for. Throws `no_handler`.
 */
export function startCronTriggers(
  triggers: readonly CronTrigger[],
  services: TriggerServices,
): RunningTrigger {
  const schedules = triggers.map((trigger) => {
    const handler = services.handler(trigger, wish);
    return new CronSchedule(trigger, handler, services);
  });
  for (const schedule of schedules) schedule.arm();
  return {
    close: async (signal) => {
      await Promise.all(schedules.map((schedule) => schedule.close(signal)));
    },
  };
}

/**
 * Calls the component once, now: where something else keeps the time, such as a CronJob.
 * @returns the exit status: 0, or 1 where the guest failed, which is logged.
 */
export async function fireCronTrigger(
  trigger: CronTrigger,
  services: TriggerServices,
): Promise<number> {
  const handler = services.handler(trigger, wish);
  const now = new Date();
  try {
    await handler.handle([{ timestamp: BigInt(Math.floor(now.getTime() / 1000)) }]);
    return 0;
  } catch (error) {
    services.log.error(`Component "${handler.component}" failed: ${errorText(error)}`);
    return 1;
  }
}

class CronSchedule {
  readonly #trigger: CronTrigger;
  readonly #handler: EventHandler;
  readonly #services: TriggerServices;
  readonly #times;
  readonly #queue = new EventQueue({ runningMax: limits.eventsRunningMax, waitingMax: 0 });
  #timer: NodeJS.Timeout | undefined;

  constructor(trigger: CronTrigger, handler: EventHandler, services: TriggerServices) {
    this.#trigger = trigger;
    this.#handler = handler;
    this.#services = services;
    this.#times = cronExpression(trigger.expression);
  }

  /** Waits for the next point in time, in steps where it is too far away for one timer. */
  arm(): void {
    const next = this.#times.nextRun();
    if (next === null) return;
    const delayMs = next.getTime() - Date.now();
    this.#timer =
      delayMs > timerMsMax
        ? setTimeout(() => this.arm(), timerMsMax)
        : setTimeout(() => this.#fire(next), Math.max(0, delayMs));
  }

  async close(signal: AbortSignal): Promise<void> {
    clearTimeout(this.#timer);
    await this.#queue.drain(signal);
  }

  #fire(at: Date): void {
    const early = at.getTime() - Date.now();
    // Timers count by another clock and may ring a little before their time.
    if (early > 0) {
      this.#timer = setTimeout(() => this.#fire(at), early);
      return;
    }
    if (!this.#queue.push(() => this.#handle(at))) {
      this.#handler.telemetry.eventDropped();
      this.#services.log.warn(
        `cron trigger "${this.#trigger.id}": ${limits.eventsRunningMax} earlier calls are still ` +
          "running; this one is left out",
      );
    }
    this.arm();
  }

  async #handle(at: Date): Promise<void> {
    try {
      const timestamp = BigInt(Math.floor(at.getTime() / 1000));
      await this.#handler.handle([{ timestamp }], { sentMs: at.getTime() });
    } catch (error) {
      this.#services.log.error(
        `Component "${this.#handler.component}" failed at ${at.toISOString()}: ${errorText(error)}`,
      );
    }
  }
}
