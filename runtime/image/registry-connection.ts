import type { Readable } from "node:stream";
import { errorText, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import type { CredentialSource } from "./credential-source.ts";
import { discard, readStart } from "./http-exchange.ts";
import type { HttpAnswer, HttpExchange, HttpRequest } from "./http-exchange.ts";
import { isObject } from "./manifest.ts";
import { registryHost } from "./reference.ts";
import { RegistryAuth } from "./registry-auth.ts";
import { parseRetryAfter, TransientFailure } from "./retry.ts";
import { exchangeFailures } from "./send-request.ts";

export type RequestBody = Uint8Array | Readable;

export interface RegistryRequest {
  readonly method: HttpRequest["method"];
  /** A path of the registry (`/v2/...`), or what a Location header said. */
  readonly target: string | URL;
  /** What the token has to permit: `repository:NAME:pull`. */
  readonly scopes: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Makes the body, once per attempt. */
  readonly body?: () => RequestBody | Promise<RequestBody>;
  /** Statuses that the caller deals with; every other one is thrown. */
  readonly accepts: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

export interface ConnectionOptions {
  readonly exchange: HttpExchange;
  readonly credentials: CredentialSource;
  /** Plain HTTP if the registry has no TLS. */
  readonly allowsPlain: boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Answer, and the URL that gave it in the end. */
export interface RegistryAnswer extends HttpAnswer {
  readonly url: URL;
}

/** One registry: knows its scheme and its tokens, follows redirects, explains failures. */
export class RegistryConnection {
  readonly registry: string;
  readonly #options: ConnectionOptions;
  #origin: Promise<Origin> | undefined;

  constructor(registry: string, options: ConnectionOptions) {
    this.registry = registry;
    this.#options = options;
  }

  /**
   * Sends a request, with authorization if the registry asks for it.
   * @throws TransientFailure for what may be gone the next time, else WhorlError `registry`.
   */
  async send(request: RegistryRequest): Promise<RegistryAnswer> {
    const origin = await this.#findOrigin(request.signal);
    const url = new URL(request.target, origin.url);
    const sent = origin.auth.known(request.scopes);
    let answer = await this.#follow(request, url, { origin, header: sent });
    // Another host that the registry has redirected to must not say who gets the credentials.
    if (answer.status === 401 && answer.url.origin === origin.url.origin) {
      await discard(answer);
      const { signal } = request;
      const header = await this.#explained(request, () =>
        origin.auth.answer(answer, request.scopes, { refused: sent, signal }),
      );
      answer = await this.#follow(request, url, { origin, header });
    }
    if (request.accepts.includes(answer.status)) return answer;
    throw await this.#refusal(request, answer);
  }

  /** Whether https answers is found out once; plain HTTP only where it is allowed. */
  #findOrigin(signal: AbortSignal | undefined): Promise<Origin> {
    this.#origin ??= this.#tryOrigins(signal).catch((error: unknown) => {
      this.#origin = undefined;
      throw error;
    });
    return this.#origin;
  }

  async #tryOrigins(signal: AbortSignal | undefined): Promise<Origin> {
    const host = registryHost(this.registry);
    const secure = this.#makeOrigin(new URL(`https://${host}`));
    if (!this.#options.allowsPlain) return secure;
    const plain = this.#makeOrigin(new URL(`http://${host}`));
    // A port speaks one of the two, and loading TLS takes longer than to ask. Credentials do not go
    // the plain way before TLS has failed.
    if (/:\d+$/.test(host) && (await this.#knock(plain, signal)) === 200) return plain;
    return (await this.#knock(secure, signal)) === undefined ? plain : secure;
  }

  /** Status of an answer to nobody in particular, undefined if there is none. */
  async #knock(
    { url: origin }: Origin,
    signal: AbortSignal | undefined,
  ): Promise<number | undefined> {
    const url = new URL("/v2/", origin);
    const request: HttpRequest = { method: "GET", url, headers: {}, body: undefined, signal };
    try {
      const answer = await this.#options.exchange.send(request);
      await discard(answer);
      return answer.status;
    } catch {
      signal?.throwIfAborted();
      return undefined;
    }
  }

  #makeOrigin(url: URL): Origin {
    const { exchange, credentials, now } = this.#options;
    const isPlain = url.protocol === "http:";
    const auth = new RegistryAuth({ registry: this.registry, exchange, credentials, isPlain, now });
    return { url, auth };
  }

  /** Credentials go to the registry itself only, whatever it redirects to. */
  async #follow(request: RegistryRequest, first: URL, to: Authorized): Promise<RegistryAnswer> {
    let url = first;
    for (let redirects = 0; ; redirects++) {
      const isOwn = url.origin === to.origin.url.origin;
      const authorization = isOwn && to.header !== undefined ? to.header : undefined;
      const current = url;
      const body = await request.body?.();
      const answer = await this.#explained(request, () =>
        this.#options.exchange.send({
          method: request.method,
          url: current,
          headers: { ...request.headers, ...(authorization !== undefined && { authorization }) },
          body,
          signal: request.signal,
        }),
      );
      const isRedirect = [301, 302, 303, 307, 308].includes(answer.status);
      if (!isRedirect || request.method === "POST") return { ...answer, url };
      await discard(answer);
      if (redirects === limits.registryRedirectsMax) {
        throw this.#failure(`redirects more than ${limits.registryRedirectsMax} times`);
      }
      url = this.#redirectTarget(answer, current);
    }
  }

  #redirectTarget(answer: HttpAnswer, from: URL): URL {
    const { location } = answer.headers as { readonly location?: string };
    const url = location === undefined ? null : URL.parse(location, from);
    if (url === null) throw this.#failure(`redirects to ${JSON.stringify(location)}`);
    const isSafe =
      url.protocol === "https:" || (url.protocol === "http:" && from.protocol === "http:");
    if (isSafe) return url;
    throw this.#failure(`redirects to ${url.protocol}//${url.host}, which is not https`);
  }

  /** Turns what the network throws into something that says where and what to do. */
  async #explained<T>(request: RegistryRequest, send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      throw this.explain(error, request.signal);
    }
  }

  /** A failure of the connection, also while a body is read. */
  explain(error: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted === true) return signal.reason;
    if (error instanceof WhorlError || error instanceof TransientFailure) return error;
    const code = (error as { readonly code?: unknown }).code;
    const known = typeof code === "string" ? networkFailures[code] : undefined;
    const what = known?.what ?? `cannot be talked to: ${errorText(error)}`;
    const failure = new WhorlError("registry", `registry ${this.registry} ${what}`, {
      cause: error,
    });
    return known?.isFinal === true ? failure : new TransientFailure(failure);
  }

  #failure(what: string): WhorlError {
    return new WhorlError("registry", `registry ${this.registry} ${what}`);
  }

  async #refusal(request: RegistryRequest, answer: RegistryAnswer): Promise<Error> {
    const start = await readStart(answer.body, limits.registryAnswerBytesMax).catch(
      () => undefined,
    );
    const said = start === undefined ? "" : registryMessage(start);
    const { status } = answer;
    const path = answer.url.pathname.replace(/^\/v2\//, "").slice(0, 300);
    const message = `answers ${status} to ${request.method} ${path}${said}${statusAdvice(status, this.registry)}`;
    const failure = this.#failure(message);
    const isTransient = status === 408 || status === 429 || (status >= 500 && status !== 501);
    if (!isTransient) return failure;
    const { now } = this.#options;
    return new TransientFailure(failure, parseRetryAfter(answer.headers["retry-after"], now()));
  }
}

interface Origin {
  readonly url: URL;
  readonly auth: RegistryAuth;
}

interface Authorized {
  readonly origin: Origin;
  readonly header: string | undefined;
}

const untrusted = {
  what: "has a certificate that is not trusted; name its authority with --ca-file, or use --insecure",
  isFinal: true,
} as const;
const noTls = {
  what: "does not speak TLS on this port; use --insecure for plain HTTP",
  isFinal: true,
} as const;

const networkFailures: Readonly<Record<string, { what: string; isFinal: boolean } | undefined>> = {
  ENOTFOUND: {
    what: "does not exist (its name has no address); check the reference",
    isFinal: true,
  },
  ECONNREFUSED: { what: "refuses connections; check its port and that it runs", isFinal: true },
  EHOSTUNREACH: { what: "cannot be reached from here", isFinal: true },
  ENETUNREACH: { what: "cannot be reached from here", isFinal: true },
  [exchangeFailures.connectTimeout]: {
    what: "does not accept the connection in time",
    isFinal: false,
  },
  [exchangeFailures.headTimeout]: { what: "does not answer in time", isFinal: false },
  [exchangeFailures.bodyTimeout]: { what: "stopped in the middle of an answer", isFinal: false },
  [exchangeFailures.cut]: { what: "cut the connection", isFinal: false },
  ECONNRESET: { what: "cut the connection", isFinal: false },
  EPIPE: { what: "cut the connection", isFinal: false },
  EPROTO: noTls,
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_HAS_EXPIRED: { what: "has a certificate that has expired", isFinal: true },
  ERR_TLS_CERT_ALTNAME_INVALID: { what: "has a certificate for another name", isFinal: true },
};

/** What the registry says itself (distribution specification, "error codes"). */
function registryMessage(start: Buffer): string {
  let body: unknown;
  try {
    body = JSON.parse(start.toString("utf8"));
  } catch {
    return "";
  }
  const errors =
    isObject(body) && Array.isArray(body["errors"]) ? (body["errors"] as unknown[]) : [];
  const [first] = errors;
  if (!isObject(first)) return "";
  const { code, message } = first;
  const text = [code, message].filter((each) => typeof each === "string" && each !== "").join(": ");
  // Control characters of a stranger stay off the terminal.
  const shown = text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 300);
  return shown === "" ? "" : ` (${shown})`;
}

function statusAdvice(status: number, registry: string): string {
  switch (status) {
    case 401:
      return `; run "whorl registry login ${registry}"`;
    case 403:
      return "; this account may not do that: use another, or ask for the right";
    case 404:
      return "; check the name, or push it first";
    case 429:
      return "; too many requests: try again later, or log in";
    default:
      return status >= 500 ? "; the registry has a problem: try again later" : "";
  }
}
