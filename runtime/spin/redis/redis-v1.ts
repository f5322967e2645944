import { err, type HostInterface, ok, type Result } from "../../instance/host-interface.ts";
import {
  closeConnection,
  del,
  execute,
  get,
  incr,
  openConnection,
  publish,
  type RedisAnswer,
  sadd,
  set,
  smembers,
  srem,
} from "./redis-calls.ts";
import type { GuestRedis, RedisScope } from "./redis-scope.ts";
import type { RedisParameter, RedisResult } from "./redis-values.ts";

type AnswerV1<T> = Promise<Result<T, "error">>;

/** Each call names its server; the error says nothing. */
async function once<T>(
  scope: RedisScope,
  address: string,
  use: (guest: GuestRedis) => RedisAnswer<T>,
): AnswerV1<T> {
  const opened = await openConnection(scope, address);
  if (opened.tag === "err") return err("error" as const);
  const result = await use(opened.val);
  closeConnection(scope, opened.val);
  return result.tag === "ok" ? result : err("error" as const);
}

async function getV1(scope: RedisScope, address: string, key: string): AnswerV1<Uint8Array> {
  const result = await once(scope, address, (guest) => get(scope, guest, key));
  return result.tag === "ok" ? ok(result.val ?? new Uint8Array(0)) : result;
}

async function countV1(
  scope: RedisScope,
  address: string,
  use: (guest: GuestRedis) => RedisAnswer<number>,
): AnswerV1<bigint> {
  const result = await once(scope, address, use);
  return result.tag === "ok" ? ok(BigInt(result.val)) : result;
}

const functions = {
  publish: (
    scope: RedisScope,
    address: string,
    ...args: [channel: string, payload: Uint8Array]
  ): AnswerV1<undefined> => once(scope, address, (guest) => publish(scope, guest, ...args)),
  get: getV1,
  set: (
    scope: RedisScope,
    address: string,
    ...args: [key: string, value: Uint8Array]
  ): AnswerV1<undefined> => once(scope, address, (guest) => set(scope, guest, ...args)),
  incr: (scope: RedisScope, address: string, key: string): AnswerV1<bigint> =>
    once(scope, address, (guest) => incr(scope, guest, key)),
  del: (scope: RedisScope, address: string, keys: string[]): AnswerV1<bigint> =>
    countV1(scope, address, (guest) => del(scope, guest, keys)),
  sadd: (
    scope: RedisScope,
    address: string,
    ...args: [key: string, values: string[]]
  ): AnswerV1<bigint> => countV1(scope, address, (guest) => sadd(scope, guest, ...args)),
  smembers: (scope: RedisScope, address: string, key: string): AnswerV1<string[]> =>
    once(scope, address, (guest) => smembers(scope, guest, key)),
  srem: (
    scope: RedisScope,
    address: string,
    ...args: [key: string, values: string[]]
  ): AnswerV1<bigint> => countV1(scope, address, (guest) => srem(scope, guest, ...args)),
  execute: (
    scope: RedisScope,
    address: string,
    ...args: [command: string, parameters: RedisParameter[]]
  ): AnswerV1<RedisResult[]> => once(scope, address, (guest) => execute(scope, guest, ...args)),
};

/** fermyon:spin/redis of Spin 1, without a version. */
export const redisV1: HostInterface<RedisScope> = {
  name: "fermyon:spin/redis",
  version: undefined,
  functions,
  suspending: new Set(Object.keys(functions)),
  resources: {},
};
