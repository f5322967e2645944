import { limits } from "../../limits.ts";
import type { OutboundNetwork } from "../network/outbound-network.ts";
import { Permits, type Release } from "../network/permits.ts";
import { ParsedAddresses } from "../network/parsed-addresses.ts";
import { parseRedisAddress, type RedisAddress } from "./redis-address.ts";
import { RedisConnection } from "./redis-connection.ts";

export interface RedisPoolsOptions {
  readonly network: OutboundNetwork;
  /** `max_connections` of `[outbound_redis]`: connections that guests have open; unbounded if absent. */
  readonly maxConnections?: number;
}

interface SharedConnection {
  readonly opening: Promise<RedisConnection>;
  opened: RedisConnection | undefined;
  usedAtMs: number;
}

/** The connections of this process to Redis servers. */
export class RedisPools implements AsyncDisposable {
  readonly addresses = new ParsedAddresses(parseRedisAddress);
  readonly #network: OutboundNetwork;
  readonly #permits: Permits;
  readonly #shared = new Map<string, SharedConnection>();
  readonly #own = new Set<RedisConnection>();
  #ownCount = 0;
  readonly #sweeper: NodeJS.Timeout;

  constructor(options: RedisPoolsOptions) {
    this.#network = options.network;
    this.#permits = new Permits(options.maxConnections, options.network.connections);
    this.#sweeper = setInterval(() => this.#sweep(), limits.serverIdleMsMax / 2);
    this.#sweeper.unref();
  }

  /** The right of a guest to have one connection open; waits for it. */
  permit(): Release | Promise<Release> {
    return this.#permits.acquire();
  }

  /** The connection that all guests share for an address, where it is open. */
  opened(key: string): RedisConnection | undefined {
    const found = this.#shared.get(key);
    if (found?.opened?.alive !== true) return undefined;
    found.usedAtMs = performance.now();
    return found.opened;
  }

  /**
   * The connection that all guests share for an address with its login; made where there is none,
   * or where it was lost. Undefined when too many addresses are in use.
   */
  shared(key: string, address: RedisAddress): Promise<RedisConnection> | undefined {
    const found = this.#shared.get(key);
    if (found !== undefined && (found.opened === undefined || found.opened.alive)) {
      found.usedAtMs = performance.now();
      return found.opening;
    }
    if (found === undefined && this.#shared.size >= limits.serverAddressesMax) this.#sweep(0);
    if (this.#shared.size >= limits.serverAddressesMax) return undefined;
    return this.#openShared(key, address).opening;
  }

  /** A connection for one guest alone. Undefined when there are too many. */
  own(address: RedisAddress): Promise<RedisConnection> | undefined {
    if (this.#ownCount >= limits.redisOwnConnectionsMax) return undefined;
    this.#ownCount++;
    return this.#openOwn(address);
  }

  /** The guest is done with a connection that was its own. */
  closeOwn(connection: RedisConnection): void {
    if (!this.#own.delete(connection)) return;
    this.#ownCount--;
    connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweeper);
    const opening = [...this.#shared.values()].map((shared) => shared.opening);
    for (const { opened } of this.#shared.values()) opened?.close();
    for (const connection of this.#own) connection.close();
    this.#shared.clear();
    for (const settled of await Promise.allSettled(opening)) {
      if (settled.status === "fulfilled") settled.value.close();
    }
  }

  #openShared(key: string, address: RedisAddress): SharedConnection {
    const opening = RedisConnection.open(address, this.#network);
    const shared: SharedConnection = { opening, opened: undefined, usedAtMs: performance.now() };
    this.#shared.set(key, shared);
    opening.then(
      (connection) => {
        shared.opened = connection;
      },
      () => {
        if (this.#shared.get(key) === shared) this.#shared.delete(key);
      },
    );
    return shared;
  }

  async #openOwn(address: RedisAddress): Promise<RedisConnection> {
    try {
      const connection = await RedisConnection.open(address, this.#network);
      this.#own.add(connection);
      return connection;
    } catch (error) {
      this.#ownCount--;
      throw error;
    }
  }

  #sweep(idleMsMax: number = limits.serverIdleMsMax): void {
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
