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

/**
 * The process to watch: the one with this number or this app, else the only one there is. Rejects
 * with WhorlError `usage` where there is none, or several to choose from.
 */
export async function findAdmin(
  place: SocketPlace,
  wanted: string | undefined,
): Promise<{ readonly client: AdminClient; readonly peer: AdminPeer }> {
  const found: { readonly client: AdminClient; readonly peer: AdminPeer }[] = [];
  for (const pid of adminProcesses(place)) {
    const client = new AdminClient(adminSocketPath(place, pid));
    const peer = await client.identity(AbortSignal.timeout(identityMsMax)).catch(() => undefined);
    // A socket of a process that died stays behind.
    if (peer !== undefined) found.push({ client, peer });
  }
  const matching = found.filter(
    ({ peer }) => wanted === undefined || String(peer.pid) === wanted || peer.apps.includes(wanted),
  );
  const [only, ...others] = matching;
  if (only !== undefined && others.length === 0) return only;
  throw new WhorlError("usage", whatElse(only === undefined ? found : matching, wanted));
}

const identityMsMax = 2_000;

function whatElse(
  choices: readonly { readonly peer: AdminPeer }[],
  wanted: string | undefined,
): string {
  const list = choices.map(({ peer }) => `  ${peer.pid}  ${peer.apps.join(", ")}`).join("\n");
  if (choices.length === 0) return 'no app is running here; start one with "whorl up"';
  if (wanted === undefined) return `several apps are running; name one or its number:\n${list}`;
  return `no running app, or several, are "${wanted}"; there are:\n${list}`;
}
