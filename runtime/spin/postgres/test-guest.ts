import { expect } from "vitest";
import type { HostInterface } from "../../instance/host-interface.ts";
import { callHost } from "../network/call-host.ts";
import type { OutboundNetwork } from "../network/outbound-network.ts";
import { PostgresPools, type PostgresPoolsOptions } from "./postgres-pools.ts";
import { type GuestPostgres, PostgresContext, type PostgresScope } from "./postgres-scope.ts";

/** A network for tests that allows everything. */
export const network: OutboundNetwork = { isAddressAllowed: () => true, connectMsMax: 3000 };

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function okay(val?: unknown): unknown {
  return { tag: "ok", val };
}

export function failed(tag: string, val: unknown): unknown {
  return { tag: "err", val: { tag, val } };
}

export function connectionFailed(text: string): unknown {
  return failed("connection-failed", expect.stringContaining(text));
}

export function newScope(of: PostgresPools): PostgresScope {
  return { outbound: { allows: () => true }, postgres: new PostgresContext(of) };
}

export function newPools(options: Partial<PostgresPoolsOptions>): PostgresPools {
  return new PostgresPools({ network, ...options });
}

/** A connection of a guest in a test. */
export interface TestGuest extends Disposable {
  readonly guest: GuestPostgres;
  query(text: string, ...values: unknown[]): unknown;
  execute(text: string, ...values: unknown[]): unknown;
}

/** Opens a connection as a guest would; it is closed at the end of the test. */
export async function openGuest(
  host: HostInterface<PostgresScope>,
  within: PostgresScope,
  address: string,
): Promise<TestGuest> {
  const result = await callHost(host, within, "[static]connection.open", address);
  expect(result).toMatchObject({ tag: "ok" });
  const guest = (result as { val: GuestPostgres }).val;
  return {
    guest,
    query: (text, ...values) =>
      callHost(host, within, "[method]connection.query", guest, text, values),
    execute: (text, ...values) =>
      callHost(host, within, "[method]connection.execute", guest, text, values),
    [Symbol.dispose]: () => host.resources["connection"]?.drop?.(within, guest),
  };
}
