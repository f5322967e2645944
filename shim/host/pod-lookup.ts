import { randomInt } from "node:crypto";
import { open } from "node:fs/promises";
import { isIP, type LookupFunction } from "node:net";
import { domainToASCII } from "node:url";
import { callbackify } from "node:util";
import { shimLimits } from "../limits.ts";
import { askByConnection, askByDatagram, type DnsTransport } from "./dns-exchange.ts";
import { decodeAnswer, type DnsAnswer, encodeQuery } from "./dns-message.ts";
import {
  addressesInHosts,
  candidates,
  parseResolver,
  type ResolverConfig,
} from "./resolver-files.ts";

export interface PodLookupOptions {
  /** Undefined: the pod has none. */
  readonly hostsFile: string | undefined;
  readonly resolverFile: string | undefined;
  readonly transport: DnsTransport;
}

type Version = 4 | 6;

/**
 * Resolves names as a process in the pod would: by its hosts file, then its name servers. Both
 * files are read each time, since what is written to them counts at once. Addresses of version 4
 * come first.
 */
export function podLookup(options: PodLookupOptions): LookupFunction {
  return (host, { family, all }, callback) => {
    resolveLater(options, host, versionsOf(family), (error, found) => {
      const [first] = found ?? [];
      if (error !== null) callback(error, []);
      else if (first === undefined) callback(failure("ENOTFOUND", host), []);
      else if (all === true) callback(null, found);
      else callback(null, first.address, first.family);
    });
  };
}

interface Found {
  readonly address: string;
  readonly family: number;
}

const resolveLater = callbackify(resolve);

async function resolve(
  options: PodLookupOptions,
  host: string,
  versions: readonly Version[],
): Promise<Found[]> {
  if (isIP(host) !== 0) return [{ address: host, family: isIP(host) }];
  const hosts = await readSmall(options.hostsFile);
  const known = addressesInHosts(hosts, host).map((address) => ({
    address,
    family: isIP(address),
  }));
  const wanted = versions.flatMap((version) => known.filter(({ family }) => family === version));
  if (wanted.length > 0) return wanted;
  const config = parseResolver(await readSmall(options.resolverFile));
  const name = domainToASCII(host);
  if (name === "") return [];
  for (const candidate of candidates(name, config)) {
    const answers = await Promise.allSettled(
      versions.map((version) => ask(options.transport, config, candidate, version)),
    );
    const found = answers.flatMap((each) => (each.status === "fulfilled" ? each.value : []));
    if (found.length > 0) return found;
    // What cannot be told now is not the same as that there is nothing.
    const failed = answers.find((each) => each.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }
  return [];
}

/** Rejects with EAI_AGAIN if no server can tell. */
async function ask(
  transport: DnsTransport,
  { servers }: ResolverConfig,
  name: string,
  version: Version,
): Promise<Found[]> {
  for (let tries = 0; tries < shimLimits.nameServerTries; tries += 1) {
    for (const server of servers) {
      const query = encodeQuery(randomInt(0x1_0000), name, version);
      if (query === undefined) return [];
      const answer = await askServer(transport, server, { query, version });
      if (answer.kind === "none") return [];
      if (answer.kind !== "found") continue;
      return answer.addresses.map((address) => ({ address, family: version }));
    }
  }
  throw failure("EAI_AGAIN", name);
}

async function askServer(
  transport: DnsTransport,
  server: string,
  { query, version }: { readonly query: Buffer; readonly version: Version },
): Promise<DnsAnswer> {
  try {
    const answer = decodeAnswer(await askByDatagram(transport, server, query), query, version);
    if (answer.kind !== "truncated") return answer;
    return decodeAnswer(await askByConnection(transport, server, query), query, version);
  } catch {
    return { kind: "failed" };
  }
}

async function readSmall(path: string | undefined): Promise<string> {
  if (path === undefined) return "";
  try {
    await using file = await open(path);
    const buffer = Buffer.alloc(shimLimits.resolverFileBytesMax);
    const { bytesRead } = await file.read(buffer);
    return buffer.toString("utf8", 0, bytesRead);
  } catch {
    // As if it said nothing.
    return "";
  }
}

/** As node:dns takes it. */
function versionsOf(family: unknown): readonly Version[] {
  if (family === 4 || family === "IPv4") return [4];
  if (family === 6 || family === "IPv6") return [6];
  return [4, 6];
}

function failure(code: "ENOTFOUND" | "EAI_AGAIN", hostname: string): NodeJS.ErrnoException {
  const fields = { code, syscall: "getaddrinfo", hostname };
  return Object.assign(new Error(`getaddrinfo ${code} ${hostname}`), fields);
}
