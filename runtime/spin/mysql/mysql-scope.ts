import { limits } from "../../limits.ts";
import { GuestConnections } from "../network/guest-connections.ts";
import type { Release } from "../network/permits.ts";
import type { OutboundScope } from "../outbound-scope.ts";
import type { MysqlLease, MysqlPools } from "./mysql-pools.ts";

/** What the MySQL interfaces need of an instance's context. */
export interface MysqlScope extends OutboundScope {
  readonly mysql: MysqlContext;
}

/** The MySQL side of one guest instance. */
export class MysqlContext extends GuestConnections {
  readonly pools: MysqlPools;

  constructor(pools: MysqlPools) {
    super(limits.guestDatabaseConnectionsMax);
    this.pools = pools;
  }
}

/** A connection that a guest has open. */
export class GuestMysql {
  readonly lease: MysqlLease;
  readonly release: Release;
  closed = false;

  constructor(lease: MysqlLease, release: Release) {
    this.lease = lease;
    this.release = release;
  }
}
