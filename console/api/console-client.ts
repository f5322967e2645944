import type {
  AppDetail,
  AppList,
  AppSummary,
  ConsoleEvent,
  ConsoleInfo,
  ConsoleProblem,
  PodMap,
  RequestDetail,
  RequestPage,
} from "../../runtime/telemetry/admin/console-api.ts";
import { EventStreamDecoder } from "./event-stream.ts";

/** Why an answer was not what was asked for: the server's word, or that it does not answer. */
export class ConsoleError extends Error {
  override readonly name = "ConsoleError";
  readonly code: ConsoleProblem["code"] | "unreachable";

  constructor(code: ConsoleError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A query of the API: absent and empty ones are left out. */
export type Query = Readonly<Record<string, string | undefined>>;

/** More apps than that are not shown. */
const appsMax = 10_000;

/** Reads the console's API. Every method rejects with {@link ConsoleError}, or when aborted. */
export class ConsoleClient {
  readonly #fetch: typeof fetch;
  readonly #token: () => string | undefined;

  constructor(fetching: typeof fetch, token: () => string | undefined) {
    this.#fetch = fetching;
    this.#token = token;
  }

  /** Whether it shows a token. */
  get hasToken(): boolean {
    return this.#token() !== undefined;
  }

  async info(signal?: AbortSignal): Promise<ConsoleInfo> {
    return (await this.#json("/api/info", signal)) as ConsoleInfo;
  }

  /** All of them, in as many answers as it takes. */
  async apps(signal?: AbortSignal): Promise<AppSummary[]> {
    const apps: AppSummary[] = [];
    for (;;) {
      const path = `/api/apps?offset=${apps.length}`;
      const page = (await this.#json(path, signal)) as AppList;
      apps.push(...page.apps);
      if (page.apps.length === 0 || apps.length >= Math.min(page.total, appsMax)) return apps;
    }
  }

  async app(id: string, signal?: AbortSignal): Promise<AppDetail> {
    return (await this.#json(`/api/apps/${encodeURIComponent(id)}`, signal)) as AppDetail;
  }

  async requests(query: Query, signal?: AbortSignal): Promise<RequestPage> {
    return (await this.#json(`/api/requests${queryText(query)}`, signal)) as RequestPage;
  }

  async request(id: string, signal?: AbortSignal): Promise<RequestDetail> {
    return (await this.#json(`/api/requests/${encodeURIComponent(id)}`, signal)) as RequestDetail;
  }

  async pods(signal?: AbortSignal): Promise<PodMap> {
    return (await this.#json("/api/pods", signal)) as PodMap;
  }

  /** Until the connection breaks, which rejects, or the server ends it. */
  async *events(query: Query, signal: AbortSignal): AsyncGenerator<ConsoleEvent> {
    const response = await this.#get(`/api/events${queryText(query)}`, signal);
    const decoder = new EventStreamDecoder();
    const text = new TextDecoder();
    const reader = response.body?.getReader();
    if (reader === undefined) return;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      for (const { event, data } of decoder.push(text.decode(value, { stream: true }))) {
        yield { event, data: JSON.parse(data) as unknown } as ConsoleEvent;
      }
    }
  }

  async #json(path: string, signal: AbortSignal | undefined): Promise<unknown> {
    const response = await this.#get(path, signal);
    return (await response.json()) as unknown;
  }

  async #get(path: string, signal: AbortSignal | undefined): Promise<Response> {
    const token = this.#token();
    const headers = { ...(token !== undefined && { authorization: `Bearer ${token}` }) };
    const asked = this.#fetch(path, { headers, cache: "no-store", ...(signal && { signal }) });
    const response = await asked.catch((error: unknown) => {
      signal?.throwIfAborted();
      throw new ConsoleError("unreachable", "Whorl does not answer", { cause: error });
    });
    if (response.ok) return response;
    throw await problemOf(response);
  }
}

/** `?a=1&b=2`, or `""`. */
export function queryText(query: Query): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => !!entry[1]);
  return given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`;
}

async function problemOf(response: Response): Promise<ConsoleError> {
  const body: unknown = await response.json().catch(() => undefined);
  if (isProblem(body)) return new ConsoleError(body.code, body.message);
  return new ConsoleError("internal", `Whorl answers with status ${response.status}`);
}

function isProblem(body: unknown): body is ConsoleProblem {
  return typeof body === "object" && body !== null && "code" in body && "message" in body;
}
