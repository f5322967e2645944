import { errorText } from "../../error.ts";
import { err, ok, type Result } from "../../instance/host-interface.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { parseRedisAddress } from "./redis-address.ts";
import { GuestRedis, type RedisScope } from "./redis-scope.ts";
import {
  bufferOf,
  checkResultSize,
  redisArgument,
  type RedisParameter,
  type RedisReply,
  type RedisResult,
  redisResults,
} from "./redis-values.ts";
import { isStatelessCommand } from "./stateless-commands.ts";

/** `error` of fermyon:spin/redis@2.0.0 and spin:redis/redis@3.0.0. */
export type RedisError =
  | { readonly tag: "invalid-address"; readonly val: undefined }
  | { readonly tag: "too-many-connections"; readonly val: undefined }
  | { readonly tag: "type-error"; readonly val: undefined }
  | { readonly tag: "other"; readonly val: string };

export type RedisAnswer<T> = Promise<Result<T, RedisError>>;

const invalidAddress = err({ tag: "invalid-address", val: undefined } as const);
const tooManyConnections = err({ tag: "too-many-connections", val: undefined } as const);

/** `connection.open`: asks allowed_outbound_hosts, then connects. */
export async function openConnection(scope: RedisScope, address: string): RedisAnswer<GuestRedis> {
  const { redis, outbound } = scope;
  const parsed = parseRedisAddress(address);
  if (parsed === undefined) return invalidAddress;
  if (!outbound.allows(parsed.scheme, parsed.host, parsed.port)) return invalidAddress;
  if (!redis.opens()) return tooManyConnections;
  const release = await redis.pools.permit();
  const guest = new GuestRedis(address, parsed, release);
  const connected = await withConnection(scope, guest, false, () => Promise.resolve(undefined));
  if (connected.tag === "ok" && !redis.ended) return ok(guest);
  closeConnection(scope, guest);
  return connected.tag === "err" ? connected : tooManyConnections;
}

/** The guest dropped a connection. */
export function closeConnection({ redis }: RedisScope, guest: GuestRedis): void {
  if (guest.closed) return;
  guest.closed = true;
  redis.closes();
  guest.release();
  guest.own?.then(
    (connection) => redis.pools.closeOwn(connection),
    () => undefined,
  );
}

export function publish(
  scope: RedisScope,
  guest: GuestRedis,
  channel: string,
  payload: Uint8Array,
): RedisAnswer<undefined> {
  return send(scope, guest, ["PUBLISH", channel, bufferOf(payload)], nothing);
}

export function get(
  scope: RedisScope,
  guest: GuestRedis,
  key: string,
): RedisAnswer<Uint8Array | undefined> {
  return send(scope, guest, ["GET", key], optionalBytes);
}

export function set(
  scope: RedisScope,
  guest: GuestRedis,
  key: string,
  value: Uint8Array,
): RedisAnswer<undefined> {
  return send(scope, guest, ["SET", key, bufferOf(value)], nothing);
}

export function incr(scope: RedisScope, guest: GuestRedis, key: string): RedisAnswer<bigint> {
  return send(scope, guest, ["INCR", key], integer);
}

export function del(scope: RedisScope, guest: GuestRedis, keys: string[]): RedisAnswer<number> {
  return send(scope, guest, ["DEL", ...keys], count);
}

export function sadd(
  scope: RedisScope,
  guest: GuestRedis,
  key: string,
  values: string[],
): RedisAnswer<number> {
  return send(scope, guest, ["SADD", key, ...values], count);
}

export function smembers(scope: RedisScope, guest: GuestRedis, key: string): RedisAnswer<string[]> {
  return send(scope, guest, ["SMEMBERS", key], texts);
}

export function srem(
  scope: RedisScope,
  guest: GuestRedis,
  key: string,
  values: string[],
): RedisAnswer<number> {
  return send(scope, guest, ["SREM", key, ...values], count);
}

export function execute(
  scope: RedisScope,
  guest: GuestRedis,
  command: string,
  parameters: RedisParameter[],
): RedisAnswer<RedisResult[]> {
  // In upper case, so that the client has no opinion about arguments and results.
  const name = command.toUpperCase();
  return send(scope, guest, [name, ...parameters.map(redisArgument)], redisResults);
}

type Command = readonly [name: string, ...args: (string | Buffer)[]];

function send<T>(
  scope: RedisScope,
  guest: GuestRedis,
  command: Command,
  convert: (reply: RedisReply) => T,
): RedisAnswer<T> {
  const [name, ...args] = command;
  return withConnection(scope, guest, !isStatelessCommand(name), async (connection) =>
    convert(await connection.call(name, args)),
  );
}

async function withConnection<T>(
  { redis }: RedisScope,
  guest: GuestRedis,
  needsOwn: boolean,
  use: (connection: RedisConnection) => Promise<T>,
): RedisAnswer<T> {
  try {
    if (needsOwn) guest.own ??= redis.pools.own(guest.address);
    const connecting =
      guest.own ?? (needsOwn ? undefined : redis.pools.shared(guest.key, guest.address));
    if (connecting === undefined) return tooManyConnections;
    return ok(await use(await connecting));
  } catch (error) {
    return err<RedisError>({ tag: "other", val: errorText(error) });
  }
}

function nothing(): undefined {
  return undefined;
}

function optionalBytes(reply: RedisReply): Uint8Array | undefined {
  if (reply === null) return undefined;
  if (!Buffer.isBuffer(reply)) throw unexpected();
  checkResultSize(reply.length);
  return new Uint8Array(reply);
}

function integer(reply: RedisReply): bigint {
  if (typeof reply !== "string" || !/^[+-]?\d{1,19}$/.test(reply)) throw unexpected();
  return BigInt.asIntN(64, BigInt(reply));
}

function count(reply: RedisReply): number {
  return Number(integer(reply)) >>> 0;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function texts(reply: RedisReply): string[] {
  if (!Array.isArray(reply)) throw unexpected();
  let size = 0;
  const items = (reply as readonly RedisReply[]).map((item) => {
    if (!Buffer.isBuffer(item)) throw unexpected();
    size += item.length + 24;
    return utf8.decode(item);
  });
  checkResultSize(size);
  return items;
}

function unexpected(): Error {
  return new Error("the server answered with something that this command cannot return");
}
