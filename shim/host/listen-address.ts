import { isIP } from "node:net";
import { ShimError } from "../error.ts";

/** Where an app listens unless its environment says otherwise. */
const defaultAddress = "0.0.0.0:80";

/**
 * Address and port of `SPIN_HTTP_LISTEN_ADDR`: an IP address, in brackets if it is of version 6,
 * and a port. Of several values the last one counts, as in an environment.
 * @throws ShimError `invalid_argument`
 */
export function listenAddress(environment: readonly (readonly [string, string])[]): {
  readonly host: string;
  readonly port: number;
} {
  const value =
    environment.findLast(([name]) => name === "SPIN_HTTP_LISTEN_ADDR")?.[1] ?? defaultAddress;
  const [, version6, version4, port] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(value) ?? [];
  const host = version6 ?? version4 ?? "";
  const family = version6 === undefined ? 4 : 6;
  if (isIP(host) === family && Number(port) <= 65_535) return { host, port: Number(port) };
  throw new ShimError(
    "invalid_argument",
    `SPIN_HTTP_LISTEN_ADDR is "${value}"; write an IP address and a port, such as 0.0.0.0:80`,
  );
}
