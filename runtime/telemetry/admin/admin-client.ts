import { request } from "node:http";
import type { IncomingMessage, RequestOptions } from "node:http";
import type { Duplex } from "node:stream";
import { errorText, WhorlError, type WhorlErrorCode } from "../../error.ts";
import { limits } from "../../limits.ts";
import type { RequestRecord } from "../live/request-record.ts";
import { filterToQuery, type RequestFilter } from "../live/request-filter.ts";
import type { UsageSnapshot } from "../live/usage-snapshot.ts";
import { adminProcesses, adminSocketPath, type SocketPlace } from "./admin-socket.ts";
import type { AdminIdentity } from "./admin-server.ts";
import { lookHeader } from "./port-forwarded.ts";

/** What a process says of itself. */
export interface AdminPeer extends AdminIdentity {
  readonly pid: number;
}

/** A record, or how many were lost before it because this side was too slow. */
export type FollowedLine = RequestRecord | { readonly lost: number };

/** Another way to a process than a socket of the file system. */
export interface AdminDoor {
  /** For messages. */
  readonly name: string;
  /** A new connection; its reader closes it. */
  open(): Promise<Duplex>;
}

/** Reads the live view of one process; each call rejects with WhorlError `listen` when it has gone. */
export class AdminClient {
  readonly #door: string | AdminDoor;

  /** The path of its socket, or another door. */
  constructor(door: string | AdminDoor) {
    this.#door = door;
  }

  async identity(signal?: AbortSignal): Promise<AdminPeer> {
    return (await this.#json("/v1/identity", signal)) as AdminPeer;
  }

  async usage(signal?: AbortSignal): Promise<UsageSnapshot> {
    return (await this.#json("/v1/usage", signal)) as UsageSnapshot;
  }

  /** Until the process ends or the signal aborts, which both just end it. */
  async *requests(filter: RequestFilter, signal: AbortSignal): AsyncGenerator<FollowedLine> {
    const response = await this.#get(`/v1/requests?${filterToQuery(filter)}`, signal);
    try {
      for await (const line of lines(response)) yield JSON.parse(line) as FollowedLine;
    } catch (error) {
      if (!signal.aborted && !isEnd(error)) throw this.#gone(error);
    }
  }

  async #json(path: string, signal: AbortSignal | undefined): Promise<unknown> {
    try {
      const response = await this.#get(path, signal);
      let text = "";
      for await (const chunk of response.setEncoding("utf8")) {
        text += String(chunk);
        if (text.length > limits.adminLineCharsMax) throw new Error("its answer is too long");
      }
      return JSON.parse(text);
    } catch (error) {
      if (error instanceof WhorlError) throw error;
      throw this.#gone(error);
    }
  }

  async #get(path: string, signal: AbortSignal | undefined): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    request({ ...(await this.#way()), path, ...(signal && { signal }) }, resolve)
      .on("error", (error) => reject(this.#gone(error)))
      .end();
    const response = await promise;
    if (response.statusCode === 200) return response;
    let text = "";
    for await (const chunk of response.setEncoding("utf8")) text += String(chunk);
    const code = codes[response.statusCode ?? 0] ?? "listen";
    throw new WhorlError(code, text.trim() || `it answers ${response.statusCode}`);
  }

  async #way(): Promise<RequestOptions> {
    if (typeof this.#door === "string") return { socketPath: this.#door };
    const connection = await this.#door.open();
    const headers = Object.fromEntries([lookHeader]);
    return { createConnection: () => connection, host: "localhost", headers };
  }

  #gone(error: unknown): WhorlError {
    const name = typeof this.#door === "string" ? this.#door : this.#door.name;
    return new WhorlError("listen", `${name} does not answer: ${errorText(error)}`, {
      cause: error,
    });
  }
}

/** An older version knows less. */
const codes: Readonly<Record<number, WhorlErrorCode>> = { 400: "usage", 404: "unsupported" };

async function* lines(response: IncomingMessage): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of response.setEncoding("utf8")) {
    rest += String(chunk);
    if (rest.length > limits.adminLineCharsMax) throw new Error("its line is too long");
    for (let end = rest.indexOf("\n"); end !== -1; end = rest.indexOf("\n")) {
      yield rest.slice(0, end);
      rest = rest.slice(end + 1);
    }
  }
}

/** The server went, or this side has had enough. */
function isEnd(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ECONNRESET" || code === "ABORT_ERR";
}

/** A process that says which it is, and how it is looked at. */
export interface FoundAdmin {
  readonly client: AdminClient;
  readonly peer: AdminPeer;
}

/** How long a process is waited for: where another one answers, and where none does. */
export interface AdminPatience {
  readonly shortMs: number;
  readonly longMs: number;
}

/** A guest may keep its process busy for ten seconds unless another bound was set. */
const patienceUsual: AdminPatience = { shortMs: 2_000, longMs: 15_000 };

/**
 * The process to watch: the one with this number or this app, else the only one there is. Rejects
 * with WhorlError `usage` where there is none, or several to choose from; with `listen` where there
 * are only such as do not answer.
 */
export async function findAdmin(
  place: SocketPlace,
  wanted: string | undefined,
  patience: AdminPatience = patienceUsual,
): Promise<FoundAdmin> {
  const found: FoundAdmin[] = [];
  const silent = new Set(adminProcesses(place));
  const ended = new AbortController();
  const asked = Promise.all(
    Array.from(silent, async (pid) => {
      const client = new AdminClient(adminSocketPath(place, pid));
      try {
        found.push({ client, peer: await client.identity(ended.signal) });
      } catch {
        // A socket of a process that died stays behind.
      }
      if (!ended.signal.aborted) silent.delete(pid);
    }),
  );
  const matching = (): FoundAdmin[] => found.filter(({ peer }) => isWanted(peer, wanted));
  try {
    await waitFor(asked, patience.shortMs);
    if (matching().length === 0) await waitFor(asked, patience.longMs - patience.shortMs);
  } finally {
    ended.abort();
  }
  const [only, ...others] = matching();
  if (only !== undefined && others.length === 0) return only;
  if (only === undefined && silent.size > 0) throw new WhorlError("listen", silentText(silent));
  throw new WhorlError("usage", whatElse(only === undefined ? found : matching(), wanted));
}

function isWanted({ pid, apps }: AdminPeer, wanted: string | undefined): boolean {
  return wanted === undefined || String(pid) === wanted || apps.includes(wanted);
}

async function waitFor(asked: Promise<unknown>, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([asked, promise]);
  clearTimeout(timer);
}

function silentText(pids: ReadonlySet<number>): string {
  const which = pids.size === 1 ? "process" : "processes";
  return `${which} ${[...pids].join(", ")} cannot say what runs there: stopped, or kept busy by a guest; try again`;
}

function whatElse(choices: readonly FoundAdmin[], wanted: string | undefined): string {
  const sorted = choices.toSorted((a, b) => a.peer.pid - b.peer.pid);
  const list = sorted.map(({ peer }) => `  ${peer.pid}  ${peer.apps.join(", ")}`).join("\n");
  if (choices.length === 0) return 'no app is running here; start one with "whorl up"';
  if (wanted === undefined) return `several apps are running; name one or its number:\n${list}`;
  return `no running app, or several, are "${wanted}"; there are:\n${list}`;
}
