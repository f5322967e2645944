import type { HostInterface } from "../../instance/host-interface.ts";
import { RedisPools } from "../../spin/redis/redis-pools.ts";
import { RedisContext } from "../../spin/redis/redis-scope.ts";
import { redisV1 } from "../../spin/redis/redis-v1.ts";
import { redisV2, redisV3 } from "../../spin/redis/redis.ts";
import type { GuestContext } from "../guest-context.ts";
import type { GuestService, GuestServiceOptions } from "./guest-service.ts";

/** fermyon:spin/redis and spin:redis/redis. */
export const redisInterfaces: readonly HostInterface<GuestContext>[] = [redisV1, redisV2, redisV3];

/** Opens the service of {@link redisInterfaces}. */
export function openRedisService(options: GuestServiceOptions): GuestService {
  const { network, runtimeConfig } = options;
  const maxConnections = runtimeConfig.outboundRedis.connectionsMax;
  const pools = new RedisPools({
    network,
    ...(maxConnections !== undefined && { maxConnections }),
  });
  return {
    interfaces: redisInterfaces,
    newScope: () => ({ redis: new RedisContext(pools) }),
    [Symbol.asyncDispose]: () => pools[Symbol.asyncDispose](),
  };
}
