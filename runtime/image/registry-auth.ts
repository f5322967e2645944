import { WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import { parseChallenges } from "./auth-challenge.ts";
import type { CredentialSource } from "./credential-source.ts";
import type { Credentials } from "./docker-config.ts";
import { readStart } from "./http-exchange.ts";
import type { HttpAnswer, HttpExchange, HttpRequest } from "./http-exchange.ts";
import { parseJsonObject } from "./manifest.ts";
import { parseRetryAfter, TransientFailure } from "./retry.ts";

export interface RegistryAuthOptions {
  /** As in references. */
  readonly registry: string;
  readonly exchange: HttpExchange;
  readonly credentials: CredentialSource;
  /** Whether secrets may go over plain HTTP: only if the registry itself has no TLS. */
  readonly isPlain: boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

interface Token {
  readonly header: string;
  readonly endsAt: number;
}

/** A token is not used in the last part of its life. */
const tokenLifeUsed = 0.9;
/** What a token lives if the server does not say (distribution specification: 60 s). */
const tokenSecondsDefault = 60;
const clientId = "whorl";

/** Authorization for one registry: anonymous, name and password, or tokens (kept while valid). */
export class RegistryAuth {
  readonly #options: RegistryAuthOptions;
  readonly #tokens = new Map<string, Token>();
  #basic: string | undefined;

  constructor(options: RegistryAuthOptions) {
    this.#options = options;
  }

  /** What to send without having been asked; undefined before the first challenge. */
  known(scopes: readonly string[]): string | undefined {
    const key = scopeKey(scopes);
    const token = this.#tokens.get(key);
    if (token === undefined) return this.#basic;
    if (token.endsAt > this.#options.now()) return token.header;
    this.#tokens.delete(key);
    return undefined;
  }

  /**
   * The answer to a 401.
   * @param refused what was sent with the request, if anything.
   * @throws WhorlError `registry` if the credentials are missing or were refused.
   */
  async answer(
    challenged: HttpAnswer,
    scopes: readonly string[],
    {
      refused,
      signal,
    }: { readonly refused: string | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<string> {
    const challenges = parseChallenges(challenged.headers["www-authenticate"] ?? "");
    const bearer = challenges.find(({ scheme }) => scheme === "bearer");
    const credentials = await this.#options.credentials.find(this.#options.registry);
    if (bearer !== undefined) {
      const asked = splitScopes(bearer.parameters.get("scope"));
      const all = [...new Set([...scopes, ...asked])];
      const request = this.#tokenRequest(bearer.parameters, { scopes: all, credentials, signal });
      const token = await this.#fetchToken(request, credentials !== undefined);
      this.#tokens.set(scopeKey(scopes), token);
      return token.header;
    }
    if (!challenges.some(({ scheme }) => scheme === "basic")) {
      throw this.#denied("asks for a kind of authentication that is not known here");
    }
    if (credentials?.kind !== "password") throw this.#denied("needs a name and a password");
    const header = basicHeader(credentials);
    if (header === refused) throw this.#denied("refuses this name and password");
    this.#basic = header;
    return header;
  }

  #tokenRequest(
    parameters: ReadonlyMap<string, string>,
    { scopes, credentials, signal }: TokenWish,
  ): HttpRequest {
    const url = this.#realm(parameters.get("realm"));
    const service = parameters.get("service");
    if (credentials?.kind === "identity") {
      const form = new URLSearchParams({
        grant_type: "refresh_token",
        refresh_token: credentials.token,
        client_id: clientId,
        ...(service !== undefined && { service }),
        scope: scopes.join(" "),
      });
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      return { method: "POST", url, headers, body: Buffer.from(form.toString()), signal };
    }
    if (service !== undefined) url.searchParams.set("service", service);
    for (const scope of scopes) url.searchParams.append("scope", scope);
    if (credentials !== undefined) url.searchParams.set("account", credentials.username);
    const headers = credentials === undefined ? {} : { authorization: basicHeader(credentials) };
    return { method: "GET", url, headers, body: undefined, signal };
  }

  #realm(realm: string | undefined): URL {
    const url = realm === undefined ? null : URL.parse(realm);
    const isAllowed =
      url?.protocol === "https:" || (this.#options.isPlain && url?.protocol === "http:");
    if (url !== null && isAllowed) return url;
    throw this.#denied(`names ${JSON.stringify(realm)} for tokens, which is no https URL`);
  }

  async #fetchToken(request: HttpRequest, hasCredentials: boolean): Promise<Token> {
    const { exchange, now } = this.#options;
    const answer = await exchange.send(request);
    const bytes = await readStart(answer.body, limits.registryAnswerBytesMax);
    const place = request.url.host;
    if (answer.status === 401 || answer.status === 403 || answer.status === 400) {
      const what = hasCredentials ? "refuses these credentials" : "needs credentials";
      throw this.#denied(`${what} (${place}: ${answer.status})`);
    }
    if (answer.status !== 200) {
      const failure = `${place} answers ${answer.status} instead of a token; try again later`;
      const retryAfter = parseRetryAfter(answer.headers["retry-after"], now());
      throw new TransientFailure(new WhorlError("registry", failure), retryAfter);
    }
    const body = parseJsonObject(bytes, `token of ${place}`);
    const token = body["token"] ?? body["access_token"];
    if (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token)) {
      throw new WhorlError("registry", `${place} answers 200 without a token`);
    }
    const seconds = body["expires_in"];
    const life = typeof seconds === "number" && seconds > 0 ? seconds : tokenSecondsDefault;
    return { header: `Bearer ${token}`, endsAt: now() + life * 1000 * tokenLifeUsed };
  }

  #denied(what: string): WhorlError {
    const { registry } = this.#options;
    return new WhorlError(
      "registry",
      `registry ${registry} ${what}; run "whorl registry login ${registry}" (or docker login)`,
    );
  }
}

interface TokenWish {
  readonly scopes: readonly string[];
  readonly credentials: Credentials | undefined;
  readonly signal: AbortSignal | undefined;
}

function basicHeader({ username, password }: Credentials & { readonly kind: "password" }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function scopeKey(scopes: readonly string[]): string {
  return scopes.toSorted().join(" ");
}

function splitScopes(scope: string | undefined): string[] {
  return (scope ?? "").split(" ").filter((each) => each !== "");
}
