/**
 * One push or pull as a process of its own that tells where its time goes: `push APP REFERENCE
 * CACHE`, `pull REFERENCE CACHE`.
 */
import { subscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";

/** One request and its answer; milliseconds since the process began. */
interface Exchange {
  readonly what: string;
  readonly from: number;
  until: number;
}

/** What a driven process prints; milliseconds. */
export interface Driven {
  /** From the beginning of the process to the first line of its own. */
  readonly start: number;
  /** Until what the command needs is loaded. */
  readonly load: number;
  /** From then to the end. */
  readonly work: number;
  /** The part of `work` in which the registry was asked something. */
  readonly waiting: number;
  /** By what was asked for, all of one kind together. */
  readonly exchanges: Readonly<Record<string, number>>;
}

const exchanges: Exchange[] = [];

function recordExchanges(): void {
  subscribe("http.client.request.created", (message) => {
    const { request } = message as { readonly request: ClientRequest };
    const kind = /^\/v2\/$|\/(?:manifests|blobs\/uploads|blobs)\//.exec(request.path)?.[0] ?? "";
    const now = performance.now();
    const exchange: Exchange = { what: `${request.method} ${kind}`, from: now, until: now };
    exchanges.push(exchange);
    const end = (): void => void (exchange.until = performance.now());
    request.once("error", end);
    request.once("response", (response) => {
      end();
      response.once("end", end);
    });
  });
}

/** Length of all intervals together, what they share counted once. */
function union(intervals: readonly Exchange[]): number {
  let total = 0;
  let end = 0;
  for (const { from, until } of intervals.toSorted((a, b) => a.from - b.from)) {
    total += Math.max(0, until - Math.max(from, end));
    end = Math.max(end, until);
  }
  return total;
}

async function drive([action, first = "", second = "", third = ""]: readonly string[]): Promise<{
  readonly loaded: number;
}> {
  const isPush = action === "push";
  // What the command itself loads, in its order.
  const [{ registryPush }, { registryPull }, { openRegistrySession }] = await Promise.all([
    isPush ? import("../../cli/registry/registry-push.ts") : { registryPush: undefined },
    isPush ? { registryPull: undefined } : import("../../cli/registry/registry-pull.ts"),
    import("../../cli/registry/registry-session.ts"),
  ]);
  const loaded = performance.now();
  const cacheDir = isPush ? third : second;
  await using session = await openRegistrySession({ insecure: true, cacheDir }, {});
  const form = { format: "spin", annotations: {}, archives: false } as const;
  await registryPush?.({ ...form, from: first, to: second }, session);
  await registryPull?.({ from: first }, session);
  return { loaded };
}

const start = performance.now();
recordExchanges();
const { loaded } = await drive(process.argv.slice(2));
const work = performance.now() - loaded;
const kinds = Map.groupBy(exchanges, ({ what }) => what);
const driven: Driven = {
  start,
  load: loaded - start,
  work,
  waiting: union(exchanges),
  exchanges: Object.fromEntries([...kinds].map(([what, all]) => [what, union(all)])),
};
console.log(JSON.stringify(driven));
