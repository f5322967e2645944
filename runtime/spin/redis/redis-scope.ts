import { limits } from "../../limits.ts";
import { GuestConnections } from "../network/guest-connections.ts";
import type { Release } from "../network/permits.ts";
import type { OutboundScope } from "../outbound-scope.ts";
import type { RedisAddress } from "./redis-address.ts";
import type { RedisConnection } from "./redis-connection.ts";
import type { RedisPools } from "./redis-pools.ts";

/** What the Redis interfaces need of an instance's context. */
export interface RedisScope extends OutboundScope {
  readonly redis: RedisContext;
}

/** The Redis side of one guest instance. */
export class RedisContext extends GuestConnections {
  readonly pools: RedisPools;

  constructor(pools: RedisPools) {
    super(limits.guestConnectionsMax);
    this.pools = pools;
  }
}

/** A connection that a guest has open. */
export class GuestRedis {
  readonly key: string;
  readonly address: RedisAddress;
  readonly release: Release;
  /** Once the guest sent a command that has effects on the connection. */
  own: Promise<RedisConnection> | undefined;
  closed = false;

  constructor(key: string, address: RedisAddress, release: Release) {
    this.key = key;
    this.address = address;
    this.release = release;
  }
}
