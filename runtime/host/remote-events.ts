import type { App, EventTrigger } from "../app/app.ts";
import { errorText, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import { noTelemetry } from "../telemetry/no-telemetry.ts";
import type { ExportCandidate, ExportWish } from "../trigger/component-exports.ts";
import type { EventHandler } from "../trigger/event/event-handler.ts";
import type { RunningTrigger } from "../trigger/event/running-trigger.ts";
import { startEventTriggers } from "../trigger/event/start-event-triggers.ts";
import { AppServices } from "../trigger/services/app-services.ts";
import { openOutside } from "../trigger/services/outside.ts";
import type { FromWorker, HostedApp, HostSettings } from "./protocol.ts";
import type { WorkerThread } from "./worker-thread.ts";

export interface RemoteEventsOptions {
  readonly settings: HostSettings;
  readonly log: {
    warning(app: string, message: string): void;
    error(app: string, message: string): void;
  };
  /** Who handles an event of this app; undefined for one that is not served any more. */
  place(app: string): WorkerThread | undefined;
}

interface Pending {
  readonly worker: WorkerThread;
  readonly app: string;
  resolve(value: unknown): void;
  reject(error: WhorlError): void;
}

/**
 * What wakes apps beside requests: points in time, messages. The doorman's thread waits for all of
 * it, and asks a worker when there is something to do; an idle app has a timer here, or a
 * subscription, and nothing else.
 */
export class RemoteEvents {
  readonly #options: RemoteEventsOptions;
  readonly #triggers = new Map<string, RunningTrigger>();
  readonly #pending = new Map<number, Pending>();
  #next = 0;

  constructor(options: RemoteEventsOptions) {
    this.#options = options;
  }

  /** Rejects with WhorlError when something cannot be waited for; what was before goes on then. */
  async subscribe(hosted: HostedApp): Promise<void> {
    const { name } = hosted;
    const { log } = this.#options;
    const app = await this.#resolved(hosted);
    if (app.eventTriggers.some(({ kind }) => kind === "command")) {
      log.warning(name, "its command is not run: run it with whorl up and the app alone");
    }
    const started = await startEventTriggers(app, {
      handler: (trigger, wish) => this.#handler(name, trigger, wish),
      log: {
        warn: (message) => log.warning(name, message),
        error: (message) => log.error(name, message),
      },
    });
    await this.unsubscribe(name);
    this.#triggers.set(name, started);
  }

  /** Takes no more events for an app; those that have begun are finished. */
  async unsubscribe(name: string): Promise<void> {
    const running = this.#triggers.get(name);
    this.#triggers.delete(name);
    await running?.close(AbortSignal.timeout(limits.shutdownMsMax));
  }

  /** A worker's answer. */
  settle(message: Extract<FromWorker, { kind: "result" | "refused" }>): void {
    const pending = this.#take(message.id);
    if (message.kind === "result") pending?.resolve(message.value);
    else pending?.reject(new WhorlError(message.failure.code, message.failure.message));
  }

  /** A worker is gone, and the events that it was handling with it. */
  lost(worker: WorkerThread): void {
    for (const [id, { worker: its }] of this.#pending) {
      if (its !== worker) continue;
      this.#take(id)?.reject(new WhorlError("trap", "the worker that handled it has ended"));
    }
  }

  async close(signal: AbortSignal): Promise<void> {
    const closing = [...this.#triggers.values()].map((running) => running.close(signal));
    this.#triggers.clear();
    await Promise.all(closing);
  }

  /** With the values of its variables in addresses and channels. */
  async #resolved({ name, app, runtimeConfig }: HostedApp): Promise<App> {
    if (app.eventTriggers.length === 0) return app;
    const { log, settings } = this.#options;
    const outside = await openOutside({ runtimeConfig });
    await using _connections = outside.http;
    await using services = await AppServices.open(
      app,
      { ...settings, runtimeConfig, onWarning: (message) => log.warning(name, message) },
      outside,
    );
    return services.app;
  }

  #handler(name: string, trigger: EventTrigger, wish: ExportWish<ExportCandidate>): EventHandler {
    const { component, kind } = trigger;
    return {
      component,
      telemetry: noTelemetry.handler({ app: name, component, trigger: kind, route: "" }),
      handle: (values) => this.#ask(name, { trigger, wish, values }),
    };
  }

  #ask(
    app: string,
    event: {
      readonly trigger: EventTrigger;
      readonly wish: ExportWish<ExportCandidate>;
      readonly values: readonly unknown[];
    },
  ): Promise<unknown> {
    const worker = this.#options.place(app);
    if (worker === undefined) return Promise.reject(new WhorlError("manifest", "it is gone"));
    const id = this.#next++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { worker, app, resolve, reject });
    worker.opened(app);
    try {
      worker.tell({ kind: "event", id, app, ...event });
    } catch (error) {
      this.#take(id)?.reject(new WhorlError("invalid", errorText(error), { cause: error }));
    }
    return promise;
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (!this.#pending.delete(id)) return undefined;
    pending?.worker.closed(pending.app);
    return pending;
  }
}
