import { limits } from "../../limits.ts";
import { LeasePool } from "../network/lease-pool.ts";
import type { OutboundNetwork } from "../network/outbound-network.ts";
import { Permits, type Release } from "../network/permits.ts";
import { PoolSet } from "../network/pool-set.ts";
import type { MysqlAddress } from "./mysql-address.ts";
import { MysqlConnection } from "./mysql-connection.ts";

export interface MysqlPoolsOptions {
  readonly network: OutboundNetwork;
  /** `max_connections` of `[outbound_mysql]`: connections that guests have open; unbounded if absent. */
  readonly maxConnections?: number;
  /** To one address; `limits.databaseConnectionsMax` if absent. */
  readonly maxPerAddress?: number;
  /** For a connection to become free; `limits.connectionWaitMsMax` if absent. */
  readonly waitMsMax?: number;
}

/** A pool's connection, and the pool to give it back to. */
export interface MysqlLease {
  readonly connection: MysqlConnection;
  release(): void;
}

/** The connections of this process to MySQL servers, by address with its login. */
export class MysqlPools implements AsyncDisposable {
  readonly #options: MysqlPoolsOptions;
  readonly #permits: Permits;
  readonly #pools = new PoolSet<MysqlConnection>(limits.serverAddressesMax);

  constructor(options: MysqlPoolsOptions) {
    this.#options = options;
    this.#permits = new Permits(options.maxConnections, options.network.connections);
  }

  /** The right of a guest to have one connection open; waits for it. */
  permit(): Release | Promise<Release> {
    return this.#permits.acquire();
  }

  /** A connection for one guest. Rejects with the reason why there is none. */
  async lease(key: string, address: MysqlAddress): Promise<MysqlLease> {
    const { network, maxPerAddress, waitMsMax } = this.#options;
    const pool = this.#pools.get(
      key,
      () =>
        new LeasePool({
          connect: () => MysqlConnection.open(address, network),
          max: maxPerAddress ?? limits.databaseConnectionsMax,
          idleMsMax: limits.serverIdleMsMax,
          waitMsMax: waitMsMax ?? limits.connectionWaitMsMax,
        }),
    );
    const connection = await pool.acquire();
    return { connection, release: () => pool.release(connection) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pools[Symbol.dispose]();
  }
}
