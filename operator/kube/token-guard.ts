import { createHash } from "node:crypto";
import { errorText } from "../error.ts";
import { limits } from "../limits.ts";
import { reviewAccess, reviewToken } from "./access-review.ts";
import type { KubeClient } from "./client.ts";
import { type Clock, systemClock } from "./clock.ts";
import { type Log, silentLog } from "./log.ts";

/** `unauthorized`: nobody known (401); `forbidden`: known, without the right (403). */
export type Verdict = "allowed" | "unauthorized" | "forbidden";

/**
 * Asks the API server whether the bearer of a token may GET a path that is no resource (TokenReview,
 * then SubjectAccessReview), as kube-rbac-proxy and controller-runtime do. Verdicts are remembered
 * for a short time; when the API server does not answer, nobody is allowed.
 */
export class TokenGuard {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #log: Log;
  /** By digest, so that no token stays in memory; oldest first. */
  readonly #verdicts = new Map<string, { readonly verdict: Verdict; readonly atMs: number }>();

  constructor(client: KubeClient, { clock = systemClock, log = silentLog }: GuardOptions = {}) {
    this.#client = client;
    this.#clock = clock;
    this.#log = log;
  }

  /** Never rejects. */
  async check(authorization: string | undefined, path: string): Promise<Verdict> {
    const token = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
    if (token === undefined) return "unauthorized";
    const key = createHash("sha256").update(`${path} ${token}`).digest("hex");
    const known = this.#verdicts.get(key);
    const nowMs = this.#clock.now();
    if (known !== undefined && nowMs - known.atMs < limits.tokenVerdictMs) return known.verdict;
    try {
      const verdict = await this.#ask(token, path);
      this.#remember(key, verdict);
      return verdict;
    } catch (error) {
      this.#log.warn({ path, error: errorText(error) }, "could not check a token");
      return "forbidden";
    }
  }

  #remember(key: string, verdict: Verdict): void {
    this.#verdicts.delete(key);
    this.#verdicts.set(key, { verdict, atMs: this.#clock.now() });
    const [oldest] = this.#verdicts.keys();
    if (this.#verdicts.size > limits.tokenVerdictsMax && oldest !== undefined) {
      this.#verdicts.delete(oldest);
    }
  }

  async #ask(token: string, path: string): Promise<Verdict> {
    const user = await reviewToken(this.#client, token);
    if (user === undefined) return "unauthorized";
    const wanted = { nonResourceAttributes: { path, verb: "get" } };
    return (await reviewAccess(this.#client, user, wanted)) ? "allowed" : "forbidden";
  }
}

export interface GuardOptions {
  readonly clock?: Clock;
  readonly log?: Log;
}
