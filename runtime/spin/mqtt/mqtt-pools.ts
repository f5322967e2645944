import { limits } from "../../limits.ts";
import type { OutboundNetwork } from "../network/outbound-network.ts";
import { Permits, type Release } from "../network/permits.ts";
import type { MqttAddress } from "./mqtt-address.ts";
import { MqttConnection, type MqttLogin } from "./mqtt-connection.ts";

export interface MqttPoolsOptions {
  readonly network: OutboundNetwork;
  /** `max_connections` of `[outbound_mqtt]`: connections that guests have open; unbounded if absent. */
  readonly maxConnections?: number;
  /** `max_payload_size_bytes` of `[outbound_mqtt]`; unbounded if absent. */
  readonly maxPayloadSizeBytes?: number;
}

interface Shared {
  readonly opening: Promise<MqttConnection>;
  opened: MqttConnection | undefined;
  usedAtMs: number;
}

/**
 * The connections of this process to MQTT brokers. Guests share one for an address with its login:
 * a broker ends an older connection with the same client id.
 */
export class MqttPools implements AsyncDisposable {
  readonly maxPayloadSizeBytes: number | undefined;
  readonly #network: OutboundNetwork;
  readonly #permits: Permits;
  readonly #shared = new Map<string, Shared>();
  readonly #sweeper: NodeJS.Timeout;

  constructor(options: MqttPoolsOptions) {
    this.#network = options.network;
    this.maxPayloadSizeBytes = options.maxPayloadSizeBytes;
    this.#permits = new Permits(options.maxConnections, options.network.connections);
    this.#sweeper = setInterval(
      () => this.#sweep(limits.serverIdleMsMax),
      limits.serverIdleMsMax / 2,
    );
    this.#sweeper.unref();
  }

  /** The right of a guest to have one connection open; waits for it. */
  permit(): Release | Promise<Release> {
    return this.#permits.acquire();
  }

  /**
   * The connection for an address with its login, made where there is none or where it was lost.
   * Rejects with the reason why there is none.
   */
  connection(key: string, address: MqttAddress, login: MqttLogin): Promise<MqttConnection> {
    const found = this.#shared.get(key);
    if (found !== undefined && (found.opened === undefined || found.opened.alive)) {
      found.usedAtMs = performance.now();
      return found.opening;
    }
    if (found === undefined && this.#shared.size >= limits.serverAddressesMax) this.#sweep(0);
    if (this.#shared.size >= limits.serverAddressesMax) {
      return Promise.reject(new Error("too many brokers are in use"));
    }
    return this.#open(key, address, login);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweeper);
    const opening = [...this.#shared.values()].map((shared) => shared.opening);
    this.#shared.clear();
    for (const settled of await Promise.allSettled(opening)) {
      if (settled.status === "fulfilled") settled.value.close();
    }
  }

  #open(key: string, address: MqttAddress, login: MqttLogin): Promise<MqttConnection> {
    const opening = MqttConnection.open(address, login, this.#network);
    const shared: Shared = { opening, opened: undefined, usedAtMs: performance.now() };
    this.#shared.set(key, shared);
    opening.then(
      (connection) => {
        shared.opened = connection;
      },
      () => {
        if (this.#shared.get(key) === shared) this.#shared.delete(key);
      },
    );
    return opening;
  }

  #sweep(idleMsMax: number): void {
    const before = performance.now() - idleMsMax;
    for (const [key, { opened, usedAtMs }] of this.#shared) {
      if (opened === undefined || opened.pending > 0 || (opened.alive && usedAtMs > before)) {
        continue;
      }
      this.#shared.delete(key);
      opened.close();
    }
  }
}
