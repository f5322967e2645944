import { Redis } from "ioredis";
import type { RedisTrigger } from "../../app/app.ts";
import { errorText, WhorlError } from "../../error.ts";
import { limits } from "../../limits.ts";
import type { ExportCandidate, ExportWish } from "../component-exports.ts";
import type { EventHandler } from "./event-handler.ts";
import { EventQueue } from "./event-queue.ts";
import type { RunningTrigger, TriggerServices } from "./running-trigger.ts";

const wish: ExportWish<ExportCandidate> = {
  what: "a handler of Redis messages (fermyon:spin/inbound-redis or spin:redis/inbound-redis@3)",
  candidates: [
    { interface: "fermyon:spin/inbound-redis", tracks: [""], function: "handle-message" },
    { interface: "spin:redis/inbound-redis", tracks: ["3"], function: "handle-message" },
  ],
};

/**
 * Subscribes to the channels: every message goes to every component of its channel, each time to a
 * new instance. A connection that is lost comes back by itself, with all its channels; messages
 * sent meanwhile are gone, as Redis has it. Rejects with WhorlError: `no_handler`, or `manifest`
 * for an address that is none.
 */
export async function startRedisTriggers(
  triggers: readonly RedisTrigger[],
  services: TriggerServices,
): Promise<RunningTrigger> {
  const byAddress = Map.groupBy(triggers, ({ address }) => address);
  const subscriptions = [...byAddress].map(
    ([address, list]) => new RedisSubscription(address, list, services),
  );
  for (const subscription of subscriptions) subscription.start();
  await Promise.resolve();
  return {
    close: async (signal) => {
      await Promise.all(subscriptions.map((subscription) => subscription.close(signal)));
    },
  };
}

interface ReceivedMessage {
  readonly channel: string;
  readonly payload: Buffer;
  /** By `performance.now()`. */
  readonly receivedMs: number;
}

/** One server with all channels that the app takes from it. */
class RedisSubscription {
  readonly #redis: Redis;
  readonly #address: string;
  readonly #handlers: ReadonlyMap<string, readonly EventHandler[]>;
  readonly #services: TriggerServices;
  readonly #queue = new EventQueue({
    runningMax: limits.eventsRunningMax,
    waitingMax: limits.eventsWaitingMax,
  });
  #isLost = false;
  #dropped = 0;

  constructor(address: string, triggers: readonly RedisTrigger[], services: TriggerServices) {
    if (!/^rediss?:\/\/./.test(address)) {
      throw new WhorlError(
        "manifest",
        `the redis trigger's address "${address}" is none; write redis://host:port`,
      );
    }
    this.#address = address;
    this.#services = services;
    const byChannel = Map.groupBy(triggers, ({ channel }) => channel);
    this.#handlers = new Map(
      [...byChannel].map(([channel, list]) => [
        channel,
        list.map((trigger) => services.handler(trigger, wish)),
      ]),
    );
    this.#redis = new Redis(address, {
      lazyConnect: true,
      maxRetriesPerRequest: null,
      retryStrategy: (attempt) => Math.min(attempt * 100, limits.reconnectMsMax),
    });
  }

  start(): void {
    this.#redis.on("messageBuffer", (channel: Buffer, payload: Buffer) => {
      this.#receive(channel.toString(), payload);
    });
    this.#redis.on("error", (error: unknown) => this.#lost(error));
    this.#redis.on("ready", () => this.#found());
    const channels = [...this.#handlers.keys()];
    // Queued until the server is there; repeated by the client after each reconnect.
    this.#redis.subscribe(...channels).catch((error: unknown) => this.#lost(error));
  }

  async close(signal: AbortSignal): Promise<void> {
    this.#redis.disconnect();
    await this.#queue.drain(signal);
  }

  #receive(channel: string, payload: Buffer): void {
    const receivedMs = performance.now();
    for (const handler of this.#handlers.get(channel) ?? []) {
      const isTaken = this.#queue.push(() =>
        this.#handle(handler, { channel, payload, receivedMs }),
      );
      handler.telemetry.backlog(this.#queue.size);
      if (isTaken) continue;
      handler.telemetry.eventDropped();
      this.#drop();
    }
  }

  async #handle(
    handler: EventHandler,
    { channel, payload, receivedMs }: ReceivedMessage,
  ): Promise<void> {
    try {
      await handler.handle([new Uint8Array(payload)], { receivedMs });
    } catch (error) {
      this.#services.log.error(
        `Component "${handler.component}" failed on a message of channel "${channel}": ${errorText(error)}`,
      );
    }
  }

  #drop(): void {
    this.#dropped++;
    if (this.#dropped > 1) return;
    this.#services.log.warn(
      `redis trigger: more messages arrive from ${shown(this.#address)} than the components can ` +
        `handle; beyond ${limits.eventsWaitingMax} that wait, messages are dropped`,
    );
  }

  #lost(error: unknown): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#services.log.warn(
      `redis trigger: no connection to ${shown(this.#address)} (${errorText(error)}); trying again`,
    );
  }

  #found(): void {
    if (this.#isLost) {
      this.#services.log.warn(`redis trigger: connected to ${shown(this.#address)} again`);
    }
    this.#isLost = false;
  }
}

/** Without the password that may be in it. */
function shown(address: string): string {
  return address.replace(/\/\/[^@/]*@/, "//");
}
