import { limits } from "../../limits.ts";
import { GuestConnections } from "../network/guest-connections.ts";
import type { Release } from "../network/permits.ts";
import type { OutboundScope } from "../outbound-scope.ts";
import type { PostgresLease, PostgresPools } from "./postgres-pools.ts";

/** What the PostgreSQL interfaces need of an instance's context. */
export interface PostgresScope extends OutboundScope {
  readonly postgres: PostgresContext;
}

/** The PostgreSQL side of one guest instance. */
export class PostgresContext extends GuestConnections {
  readonly pools: PostgresPools;

  constructor(pools: PostgresPools) {
    super(limits.guestDatabaseConnectionsMax);
    this.pools = pools;
  }
}

/** A connection that a guest has open. */
export class GuestPostgres {
  readonly lease: PostgresLease;
  readonly release: Release;
  closed = false;

  constructor(lease: PostgresLease, release: Release) {
    this.lease = lease;
    this.release = release;
  }
}

/** `connection-builder` of spin:postgres@4.1. */
export class GuestPostgresBuilder {
  readonly address: string;
  caRoot: string | undefined;

  constructor(address: string) {
    this.address = address;
  }
}
