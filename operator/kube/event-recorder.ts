import { errorText } from "../error.ts";
import { limits } from "../limits.ts";
import type { KubeClient } from "./client.ts";
import { type Clock, pause, systemClock } from "./clock.ts";
import { type EventFacts, EventSeries, type EventWrite, type KubeEvent } from "./event-series.ts";
import { isKubeError } from "./kube-error.ts";
import { type Log, silentLog } from "./log.ts";
import { type ResourceType, resourceType } from "./resource.ts";

export const events: ResourceType<KubeEvent> = resourceType<KubeEvent>({
  apiVersion: "events.k8s.io/v1",
  kind: "Event",
  plural: "events",
});

export interface EventRecorderOptions {
  readonly client: KubeClient;
  /** Qualified name of the program: `example.dev/operator`. */
  readonly controller: string;
  /** Of this process. */
  readonly instance: string;
  readonly clock?: Clock;
  readonly log?: Log;
}

/** How often counts of running series are looked at. */
const lookMs = 10_000;

/** Tells people what happens to an object, where `kubectl describe` shows it. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #series: EventSeries;
  readonly #waiting: EventWrite[] = [];
  #wake: () => void = nothing;
  #dropped = 0;

  constructor(options: EventRecorderOptions) {
    const { clock = systemClock, log = silentLog } = options;
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#series = new EventSeries(clock, options);
  }

  /** Events that were not written because too many waited. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Never throws and never waits: events are news, not state. */
  record(facts: EventFacts): void {
    const write = this.#series.record(facts);
    if (write !== undefined) this.#push(write);
  }

  /** Writes until the signal, and then what is left. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#writeAll(signal);
      await this.#pause(signal);
      for (const write of this.#series.due(false)) this.#push(write);
    }
    for (const write of this.#series.due(true)) this.#push(write);
    await this.#writeAll(AbortSignal.timeout(limits.requestMs));
  }

  #push(write: EventWrite): void {
    if (this.#waiting.length >= limits.eventsWaitingMax) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(write);
    this.#wake();
  }

  async #pause(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length > 0) return;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await pause(this.#clock, lookMs, AbortSignal.any([signal, woken.signal]));
    this.#wake = nothing;
  }

  async #writeAll(signal: AbortSignal): Promise<void> {
    for (;;) {
      const write = this.#waiting.shift();
      if (write === undefined) return;
      try {
        await this.#write(write, signal);
      } catch (error) {
        if (signal.aborted) {
          // What was not written yet is left to the last attempt.
          this.#waiting.unshift(write);
          return;
        }
        const { name, namespace } = write.event.metadata;
        this.#log.warn({ name, namespace, error: errorText(error) }, "could not write an event");
      }
    }
  }

  async #write({ kind, event }: EventWrite, signal: AbortSignal): Promise<void> {
    const { client } = this.#options;
    if (kind === "create") {
      await client.create(events, event, { signal });
      return;
    }
    try {
      await client.patch(events, event.metadata, { series: event.series }, { signal });
    } catch (error) {
      if (!isKubeError(error, "NotFound")) throw error;
      this.#series.forget(event);
      await client.create(events, event, { signal });
    }
  }
}

function nothing(): void {}
