import { errorText } from "../../error.ts";
import { err, ok, type Result } from "../../instance/host-interface.ts";
import type { RedisConnection } from "./redis-connection.ts";
import type { Awaitable } from "../key-value/key-value-store.ts";
import type { Release } from "../network/permits.ts";
import type { RedisAddress } from "./redis-address.ts";
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
const typeError = err({ tag: "type-error", val: undefined } as const);

/** `connection.open`: asks allowed_outbound_hosts, then connects where nobody has yet. */
export function openConnection(
  scope: RedisScope,
  address: string,
): Awaitable<Result<GuestRedis, RedisError>> {
  const { redis, outbound } = scope;
  const parsed = redis.pools.addresses.get(address);
  if (parsed === undefined) return invalidAddress;
  if (!outbound.allows(parsed.scheme, parsed.host, parsed.port)) return invalidAddress;
  if (!redis.opens()) return tooManyConnections;
  const permit = redis.pools.permit();
  if (permit instanceof Promise || redis.pools.opened(address) === undefined) {
    return connect(scope, address, parsed, permit);
  }
  return ok(new GuestRedis(address, parsed, permit));
}

async function connect(
  scope: RedisScope,
  key: string,
  address: RedisAddress,
  permit: Release | Promise<Release>,
): RedisAnswer<GuestRedis> {
  const guest = new GuestRedis(key, address, await permit);
  const connected = await withConnection(scope, guest, false, () => Promise.resolve(undefined));
  if (connected.tag === "ok" && !scope.redis.ended) return ok(guest);
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
  return send(scope, guest, ["SADD", key, ...values], addedCount);
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
  const isStateless = isStatelessCommand(name);
  // Nearly always: the one that guests share is there.
  const shared =
    isStateless && guest.own === undefined ? scope.redis.pools.opened(guest.key) : undefined;
  if (shared !== undefined) return answer(shared.call(name, args), convert);
  return withConnection(scope, guest, !isStateless, async (connection) =>
    convert(await connection.call(name, args)),
  );
}

async function answer<T>(
  reply: Promise<RedisReply>,
  convert: (reply: RedisReply) => T,
): RedisAnswer<T> {
  try {
    return ok(convert(await reply));
  } catch (error) {
    return failed(error);
  }
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
    return failed(error);
  }
}

function failed(error: unknown): Result<never, RedisError> {
  if (error instanceof WrongType) return typeError;
  return err<RedisError>({ tag: "other", val: errorText(error) });
}

/** The server answered `sadd` with no number, as between MULTI and EXEC; elsewhere Spin says other. */
class WrongType extends Error {}

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
  if (!isInteger(reply)) throw unexpected();
  return BigInt.asIntN(64, BigInt(reply));
}

function isInteger(reply: RedisReply): reply is string {
  return typeof reply === "string" && /^[+-]?\d{1,19}$/.test(reply);
}

function count(reply: RedisReply): number {
  return Number(integer(reply)) >>> 0;
}

function addedCount(reply: RedisReply): number {
  if (!isInteger(reply)) throw new WrongType();
  return count(reply);
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
