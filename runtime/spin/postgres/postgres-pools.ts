import { limits } from "../../limits.ts";
import { LeasePool } from "../network/lease-pool.ts";
import type { OutboundNetwork } from "../network/outbound-network.ts";
import { Permits, type Release } from "../network/permits.ts";
import { PoolSet } from "../network/pool-set.ts";
import { ParsedAddresses } from "../network/parsed-addresses.ts";
import { parsePostgresAddress } from "./postgres-address.ts";
import { PostgresConnection, type PostgresTarget } from "./postgres-connection.ts";

export interface PostgresPoolsOptions {
  readonly network: OutboundNetwork;
  /** `max_connections` of `[outbound_pg]`: connections that guests have open; unbounded if absent. */
  readonly maxConnections?: number;
  /** To one address; `limits.databaseConnectionsMax` if absent. */
  readonly maxPerAddress?: number;
  /** For a connection to become free; `limits.connectionWaitMsMax` if absent. */
  readonly waitMsMax?: number;
}

/** A pool's connection, and the pool to give it back to. */
export class PostgresLease {
  readonly connection: PostgresConnection;
  readonly #pool: LeasePool<PostgresConnection>;

  constructor(connection: PostgresConnection, pool: LeasePool<PostgresConnection>) {
    this.connection = connection;
    this.#pool = pool;
  }

  release(): void {
    this.#pool.release(this.connection);
  }
}

/** The connections of this process to PostgreSQL servers, by address with its login. */
export class PostgresPools implements AsyncDisposable {
  readonly addresses = new ParsedAddresses(parsePostgresAddress);
  readonly #options: PostgresPoolsOptions;
  readonly #permits: Permits;
  readonly #pools = new PoolSet<PostgresConnection>(limits.serverAddressesMax);

  constructor(options: PostgresPoolsOptions) {
    this.#options = options;
    this.#permits = new Permits(options.maxConnections, options.network.connections);
  }

  /** The right of a guest to have one connection open; waits for it. */
  permit(): Release | Promise<Release> {
    return this.#permits.acquire();
  }

  /** A connection that is idle, for one guest; undefined where there is none. */
  idle(key: string, target: PostgresTarget): PostgresLease | undefined {
    const pool = this.#pools.find(poolName(key, target));
    const connection = pool?.acquireIdle();
    if (pool === undefined || connection === undefined) return undefined;
    return new PostgresLease(connection, pool);
  }

  /** A connection for one guest. Rejects with the reason why there is none. */
  async lease(key: string, target: PostgresTarget): Promise<PostgresLease> {
    const { network, maxPerAddress, waitMsMax } = this.#options;
    const pool = this.#pools.get(
      poolName(key, target),
      () =>
        new LeasePool({
          connect: () => PostgresConnection.open(target, network),
          max: maxPerAddress ?? limits.databaseConnectionsMax,
          idleMsMax: limits.serverIdleMsMax,
          waitMsMax: waitMsMax ?? limits.connectionWaitMsMax,
        }),
    );
    return new PostgresLease(await pool.acquire(), pool);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pools[Symbol.dispose]();
  }
}

function poolName(key: string, { caRoot }: PostgresTarget): string {
  // No address has a null in it.
  return caRoot === undefined ? key : `${key}\0${caRoot}`;
}
