import { connect } from "mqtt";
import type { IPublishPacket, MqttClient } from "mqtt";
import type { MqttTrigger } from "../../app/app.ts";
import { errorText, WhorlError } from "../../error.ts";
import { limits } from "../../limits.ts";
import type { ExportCandidate, ExportWish } from "../component-exports.ts";
import type { EventHandler } from "./event-handler.ts";
import { EventQueue } from "./event-queue.ts";
import type { RunningTrigger, TriggerServices } from "./running-trigger.ts";

const wish: ExportWish<ExportCandidate> = {
  what: "a handler of MQTT messages (handle-message of spin:mqtt-trigger)",
  candidates: [{ interface: undefined, tracks: [], function: "handle-message" }],
};

const addressForm = /^(?:mqtts?|tcp|ssl|tls|wss?):\/\/./;

/**
 * Subscribes each component to its topic, over a connection of its own. A connection that is lost
 * comes back by itself. A broker is held back while as many messages are handled as may be. Throws
 * WhorlError: `no_handler`, or `manifest` for an address that is none.
 */
export function startMqttTriggers(
  triggers: readonly MqttTrigger[],
  services: TriggerServices,
): RunningTrigger {
  const handlers = triggers.map((trigger) => {
    if (!addressForm.test(trigger.address)) {
      throw new WhorlError(
        "manifest",
        `the mqtt trigger's address "${trigger.address}" is none; write mqtt://host:port`,
      );
    }
    return services.handler(trigger, wish);
  });
  const subscriptions = triggers.flatMap((trigger, index) => {
    const handler = handlers[index];
    return handler === undefined ? [] : [new MqttSubscription(trigger, handler, services)];
  });
  return {
    close: async (signal) => {
      await Promise.all(subscriptions.map((subscription) => subscription.close(signal)));
    },
  };
}

class MqttSubscription {
  readonly #client: MqttClient;
  readonly #trigger: MqttTrigger;
  readonly #handler: EventHandler;
  readonly #services: TriggerServices;
  readonly #queue = new EventQueue({
    runningMax: limits.eventsRunningMax,
    waitingMax: limits.eventsWaitingMax,
  });
  #state: "new" | "connected" | "lost" | "closed" = "new";

  constructor(trigger: MqttTrigger, handler: EventHandler, services: TriggerServices) {
    this.#trigger = trigger;
    this.#handler = handler;
    this.#services = services;
    const { address, username, password, keepAliveSeconds } = trigger;
    this.#client = connect(address.replace(/^tcp:/, "mqtt:").replace(/^ssl:/, "mqtts:"), {
      ...(username === "" ? {} : { username }),
      ...(password === "" ? {} : { password }),
      keepalive: keepAliveSeconds,
      reconnectPeriod: 1_000,
      connectTimeout: limits.reconnectMsMax,
      resubscribe: false,
    });
    this.#client.handleMessage = (packet, done) => void this.#receive(packet, done);
    this.#client.on("connect", () => this.#subscribe());
    this.#client.on("error", (error) => this.#lost(error));
    this.#client.on("close", () => this.#lost(new Error("the connection was closed")));
  }

  async close(signal: AbortSignal): Promise<void> {
    this.#state = "closed";
    await this.#client.endAsync(true);
    await this.#queue.drain(signal);
  }

  #subscribe(): void {
    const { topic, qos } = this.#trigger;
    this.#client.subscribe(topic, { qos }, (error, granted) => {
      // 128 says that the broker refuses.
      const isRefused = granted?.some((grant) => grant.qos >= 128) === true;
      if (error !== null && error !== undefined) this.#lost(error);
      else if (isRefused) this.#lost(new Error(`the broker refuses the topic "${topic}"`));
      else this.#found();
    });
  }

  async #receive(packet: IPublishPacket, done: (error?: Error) => void): Promise<void> {
    const receivedMs = performance.now();
    await this.#queue.room();
    this.#queue.push(() => this.#handle(packet, receivedMs));
    this.#handler.telemetry.backlog(this.#queue.size);
    // Only now is the broker told that the message has arrived.
    done();
  }

  async #handle({ topic, payload }: IPublishPacket, receivedMs: number): Promise<void> {
    try {
      const bytes = new Uint8Array(Buffer.from(payload));
      await this.#handler.handle([bytes, { topic }], { receivedMs });
    } catch (error) {
      this.#services.log.error(
        `Component "${this.#handler.component}" failed on a message of topic "${topic}": ${errorText(error)}`,
      );
    }
  }

  #lost(error: Error): void {
    if (this.#state === "lost" || this.#state === "closed") return;
    this.#state = "lost";
    this.#services.log.warn(
      `mqtt trigger: no connection to ${this.#trigger.address} (${errorText(error)}); trying again`,
    );
  }

  #found(): void {
    if (this.#state === "lost") {
      this.#services.log.warn(`mqtt trigger: connected to ${this.#trigger.address} again`);
    }
    if (this.#state !== "closed") this.#state = "connected";
  }
}
