import { lookup } from "node:dns";
import type { LookupAddress } from "node:dns";
import { domainToASCII } from "node:url";
import { ok } from "../../instance/host-interface.ts";
import type { HostInterface } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import type { SocketsContext, WasiContext } from "../context.ts";
import type { Pollable } from "../io/pollable.ts";
import { Wakeup } from "../io/wakeup.ts";
import { errnoOf, failed, wouldBlock } from "./error-code.ts";
import type { SocketErrorCode, SocketResult } from "./error-code.ts";
import { canonicalIpAddress, parseIpAddress } from "./ip-address.ts";
import type { IpAddress } from "./ip-address.ts";
import type { Network } from "./network.ts";

/** wasi:sockets/ip-name-lookup `resolve-address-stream`, also as its pollable. */
export class ResolveAddressStream implements Pollable {
  readonly #wakeup = new Wakeup();
  #outcome: SocketResult<readonly IpAddress[]> | undefined;
  #next = 0;

  /** An answer that is known already, or undefined. */
  constructor(outcome: SocketResult<readonly IpAddress[]> | undefined) {
    this.#outcome = outcome;
  }

  /** Once, unless the answer was known. */
  settle(outcome: SocketResult<readonly IpAddress[]>): void {
    this.#outcome = outcome;
    this.#wakeup.wake();
  }

  resolveNextAddress(): SocketResult<IpAddress | undefined> {
    const outcome = this.#outcome;
    if (outcome === undefined) return wouldBlock;
    if (outcome.tag === "err") return outcome;
    const address = outcome.val[this.#next];
    this.#next += 1;
    return ok(address);
  }

  isReady(): boolean {
    return this.#outcome !== undefined;
  }

  wait(): Promise<void> {
    return this.isReady() ? Promise.resolve() : this.#wakeup.wait();
  }
}

/** wasi:sockets/ip-name-lookup over the system's resolver (getaddrinfo). */
export const ipNameLookupInterface: HostInterface<WasiContext> = {
  name: "wasi:sockets/ip-name-lookup",
  version: "0.2.12",
  functions: {
    "resolve-addresses": (
      context: WasiContext,
      _network: Network,
      name: string,
    ): SocketResult<ResolveAddressStream> => resolveAddresses(context.sockets, name),
    "[method]resolve-address-stream.resolve-next-address": (
      _context: WasiContext,
      stream: ResolveAddressStream,
    ) => stream.resolveNextAddress(),
    "[method]resolve-address-stream.subscribe": (
      _context: WasiContext,
      stream: ResolveAddressStream,
    ) => stream,
  },
  suspending: new Set(),
  resources: { "resolve-address-stream": {} },
};

/** Starts to resolve a name, where the instance may. */
export function resolveAddresses(
  context: SocketsContext,
  name: string,
): SocketResult<ResolveAddressStream> {
  return context.nameLookup ? resolve(name) : failed("permanent-resolver-failure");
}

/** Why the resolver failed, by `code` of its error. */
export function resolverErrorCode(error: unknown): SocketErrorCode {
  const code = errnoOf(error);
  return (code === undefined ? undefined : codesByResolverError.get(code)) ?? "name-unresolvable";
}

const codesByResolverError: ReadonlyMap<string, SocketErrorCode> = new Map([
  ["EAI_AGAIN", "temporary-resolver-failure"],
  ["EAI_FAIL", "permanent-resolver-failure"],
  ["EAI_MEMORY", "out-of-memory"],
  ["ENOMEM", "out-of-memory"],
  ["EMFILE", "temporary-resolver-failure"],
  ["ENFILE", "temporary-resolver-failure"],
]);

function resolve(name: string): SocketResult<ResolveAddressStream> {
  const host = parseHost(name);
  if (host === undefined) return failed("invalid-argument");
  if (typeof host !== "string") return ok(new ResolveAddressStream(ok([host])));
  const stream = new ResolveAddressStream(undefined);
  lookup(host, { all: true, order: "verbatim" }, (error, addresses) => {
    stream.settle(error === null ? ok(ipAddresses(addresses)) : failed(resolverErrorCode(error)));
  });
  return ok(stream);
}

/** An address (IPv6 with or without brackets), a name in ASCII, or undefined for neither. */
function parseHost(name: string): IpAddress | string | undefined {
  const bare = name.startsWith("[") && name.endsWith("]") ? name.slice(1, -1) : name;
  const literal = parseIpAddress(bare);
  if (literal !== undefined && (bare === name || literal.tag === "ipv6")) {
    return canonicalIpAddress(literal);
  }
  // domainToASCII would take the part before some of these for the name.
  if (name.length > limits.domainNameCharsMax || /[\s/?#@:%\\[\]]/u.test(name)) return undefined;
  const ascii = domainToASCII(name);
  if (ascii === "" || ascii.length > limits.domainNameCharsMax) return undefined;
  // Other ways to write an IPv4 address, `127.1` or `0x7f000001`.
  return parseIpAddress(ascii) ?? ascii;
}

function ipAddresses(found: readonly LookupAddress[]): IpAddress[] {
  return found.flatMap(({ address }) => {
    const ip = parseIpAddress(address.split("%")[0] ?? "");
    return ip === undefined ? [] : [canonicalIpAddress(ip)];
  });
}
