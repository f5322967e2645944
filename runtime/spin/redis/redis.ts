import type { HostInterface } from "../../instance/host-interface.ts";
import {
  closeConnection,
  del,
  execute,
  get,
  incr,
  openConnection,
  publish,
  sadd,
  set,
  smembers,
  srem,
} from "./redis-calls.ts";
import type { GuestRedis, RedisScope } from "./redis-scope.ts";

const functions = {
  "[static]connection.open": openConnection,
  "[method]connection.publish": publish,
  "[method]connection.get": get,
  "[method]connection.set": set,
  "[method]connection.incr": incr,
  "[method]connection.del": del,
  "[method]connection.sadd": sadd,
  "[method]connection.smembers": smembers,
  "[method]connection.srem": srem,
  "[method]connection.execute": execute,
};

const resources = {
  connection: {
    drop: (scope: RedisScope, connection: object): void =>
      closeConnection(scope, connection as GuestRedis),
  },
};

/** fermyon:spin/redis@2.0.0. */
export const redisV2: HostInterface<RedisScope> = {
  name: "fermyon:spin/redis",
  version: "2.0.0",
  functions,
  suspending: new Set(Object.keys(functions)),
  resources,
};

/** spin:redis/redis@3.0.0: the same, async. */
export const redisV3: HostInterface<RedisScope> = {
  name: "spin:redis/redis",
  version: "3.0.0",
  functions,
  suspending: new Set(),
  resources,
};
