import type { Readable } from "node:stream";
import { OperatorError } from "../error.ts";
import { limits } from "../limits.ts";
import { type Clock, pause, systemClock } from "./clock.ts";
import { KubeError, type StatusBody, errorOfStatus, unreachable } from "./kube-error.ts";
import type { HttpMethod, Transport, TransportResponse } from "./transport.ts";

/** One request to the API server. */
export interface ApiRequest {
  readonly method: HttpMethod;
  /** Path without query. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** `application/json` where not given. */
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** The longest gap in the answer; 0 for a watch. */
  readonly bodyMs?: number;
}

/** What is told about each request that was sent. */
export interface RestObserver {
  /** `code` is the HTTP status, or `<error>` where there was no answer. */
  requested(code: string, method: HttpMethod, host: string, seconds: number): void;
  retried(code: string, method: HttpMethod, host: string): void;
}

export interface ApiSenderOptions {
  readonly transport: Transport;
  readonly userAgent: string;
  readonly clock?: Clock;
  readonly observer?: RestObserver | undefined;
}

const neverAborted = new AbortController().signal;

/**
 * Sends requests, reads answers, turns refusals into KubeError. Waits and sends again after 429 and
 * after 5xx with Retry-After; after a lost connection where the request can be repeated safely.
 */
export class ApiSender {
  readonly #transport: Transport;
  readonly #userAgent: string;
  readonly #clock: Clock;
  readonly #observer: RestObserver | undefined;

  constructor({ transport, userAgent, clock = systemClock, observer }: ApiSenderOptions) {
    this.#transport = transport;
    this.#userAgent = userAgent;
    this.#clock = clock;
    this.#observer = observer;
  }

  /** The answer as JSON. Throws KubeError, or the signal's reason. */
  async json(request: ApiRequest): Promise<unknown> {
    const { body } = await this.open(request);
    const name = nameOf(request);
    let text: string;
    try {
      text = await readText(body, name);
    } catch (error) {
      if (error instanceof OperatorError) throw error;
      request.signal?.throwIfAborted();
      throw unreachable(name, error);
    }
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new OperatorError("protocol", `${name}: the answer is not JSON`, { cause });
    }
  }

  /** A successful answer whose body has not been read. Throws as {@link json}. */
  async open(request: ApiRequest): Promise<TransportResponse> {
    const signal = request.signal ?? neverAborted;
    for (let attempt = 0; ; attempt += 1) {
      signal.throwIfAborted();
      const outcome = await this.#attempt(request);
      if (!(outcome instanceof KubeError)) return outcome;
      signal.throwIfAborted();
      const waitMs = retryMs(outcome, request, attempt);
      if (waitMs === undefined) throw outcome;
      if (outcome.status === 401) this.#transport.forgetCredentials();
      this.#observer?.retried(codeOf(outcome.status), request.method, this.#transport.host);
      await pause(this.#clock, waitMs, signal);
    }
  }

  async #attempt(request: ApiRequest): Promise<TransportResponse | KubeError> {
    const startMs = this.#clock.now();
    let status = 0;
    try {
      const response = await this.#transport.send({
        method: request.method,
        path: request.path + queryText(request.query),
        headers: this.#headers(request),
        body: request.body === undefined ? undefined : JSON.stringify(request.body),
        signal: request.signal,
        headersMs: limits.requestMs,
        bodyMs: request.bodyMs ?? limits.requestMs,
      });
      ({ status } = response);
      if (status >= 200 && status < 300) return response;
      return await refusal(response, nameOf(request));
    } catch (error) {
      if (error instanceof OperatorError) throw error;
      return unreachable(nameOf(request), error);
    } finally {
      const seconds = (this.#clock.now() - startMs) / 1000;
      this.#observer?.requested(codeOf(status), request.method, this.#transport.host, seconds);
    }
  }

  #headers(request: ApiRequest): Record<string, string> {
    const headers: Record<string, string> = {
      accept: "application/json",
      "user-agent": this.#userAgent,
    };
    if (request.body !== undefined) {
      headers["content-type"] = request.contentType ?? "application/json";
    }
    return headers;
  }
}

/**
 * Pause before the request is sent again, undefined where it is not: exported for its table. A
 * creation whose connection was lost is not repeated: it may have happened.
 */
export function retryMs(
  error: KubeError,
  request: Pick<ApiRequest, "method">,
  attempt: number,
): number | undefined {
  if (attempt >= limits.requestRetriesMax) return undefined;
  const asked = error.status === 429 || error.status >= 500 ? error.retryAfterMs : undefined;
  if (asked !== undefined) return Math.min(asked, limits.retryAfterMsMax);
  // Tokens are rotated while we run; the new one is on disk. A connection that was kept for reuse
  // can be closed by the server in the moment it is used. One more attempt settles both.
  if (attempt > 0) return undefined;
  if (error.status === 401) return 0;
  return error.reason === "Unreachable" && request.method === "GET" ? 0 : undefined;
}

/** `?a=b`, or nothing; entries that are undefined are left out. */
export function queryText(query: ApiRequest["query"]): string {
  if (query === undefined) return "";
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? "" : `?${parameters.toString()}`;
}

/** `GET /api/v1/pods`, for messages. */
export function nameOf({ method, path }: Pick<ApiRequest, "method" | "path">): string {
  return `${method} ${path}`;
}

async function refusal(response: TransportResponse, name: string): Promise<KubeError> {
  const text = await readText(response.body, name);
  const error = errorOfStatus(statusBody(text), name, response.status);
  const seconds = Number(response.header("retry-after") ?? Number.NaN);
  const { reason, causes, message } = error;
  const retryAfterMs = Number.isFinite(seconds) ? Math.max(seconds, 0) * 1000 : error.retryAfterMs;
  return new KubeError({ reason, causes, message, status: response.status, retryAfterMs });
}

/** Proxies and the server's own filters answer with plain text. */
function statusBody(text: string): StatusBody {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "object" && body !== null && "kind" in body && body.kind === "Status") {
      return body as StatusBody;
    }
  } catch {
    // Not JSON: the text is the message.
  }
  return { message: text.trim().slice(0, 1000) || "no message" };
}

async function readText(body: Readable, name: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop destroys the body.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limits.responseBytesMax) {
      const bound = `${limits.responseBytesMax} bytes (limits.responseBytesMax)`;
      throw new OperatorError("limit", `${name}: the answer is larger than ${bound}`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes).toString();
}

function codeOf(status: number): string {
  return status === 0 ? "<error>" : String(status);
}
