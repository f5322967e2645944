import { setTimeout as delay } from "node:timers/promises";
import { anonymousCredentials } from "./credential-source.ts";
import type { CredentialSource } from "./credential-source.ts";
import { createHttpExchange, discard } from "./http-exchange.ts";
import type { HttpExchange } from "./http-exchange.ts";
import { RegistryConnection } from "./registry-connection.ts";
import { RegistryRepository } from "./registry-repository.ts";
import { retry } from "./retry.ts";
import type { RetryPace } from "./retry.ts";

export interface RegistryClientOptions {
  /** Nobody in particular where not given. */
  readonly credentials?: CredentialSource | undefined;
  /** Accept any certificate, and plain HTTP where there is no TLS. */
  readonly insecure?: boolean | undefined;
  /** Authorities to trust beside the known ones, PEM. */
  readonly caCertificates?: string | undefined;
  /** How to wait between attempts; for tests. */
  readonly pace?: RetryPace | undefined;
  /** Time without any byte from a registry; for tests. */
  readonly idleMsMax?: number | undefined;
}

const realPace: RetryPace = {
  sleep: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }),
  random: () => Math.random(),
};

/** Talks to registries (OCI distribution specification 1.1); keeps connections and tokens. */
export class RegistryClient implements AsyncDisposable {
  readonly #exchange: HttpExchange;
  readonly #options: RegistryClientOptions;
  readonly #connections = new Map<string, RegistryConnection>();

  private constructor(exchange: HttpExchange, options: RegistryClientOptions) {
    this.#exchange = exchange;
    this.#options = options;
  }

  /** Disposing closes all connections. */
  static async create(options: RegistryClientOptions = {}): Promise<RegistryClient> {
    const { caCertificates, insecure, idleMsMax } = options;
    const exchange = await createHttpExchange({
      caCertificates,
      acceptAnyCertificate: insecure,
      idleMsMax,
    });
    return new RegistryClient(exchange, options);
  }

  /** A repository by the registry and the name of a reference. */
  repository(
    { registry, repository }: { readonly registry: string; readonly repository: string },
    access: "pull" | "pull,push" = "pull",
  ): RegistryRepository {
    return new RegistryRepository({
      connection: this.#connection(registry),
      name: repository,
      access,
      pace: this.#options.pace ?? realPace,
    });
  }

  /**
   * Asks whether the credentials are good.
   * @throws WhorlError `registry` if not.
   */
  async checkLogin(registry: string, signal?: AbortSignal): Promise<void> {
    const connection = this.#connection(registry);
    const answer = await retry(
      () => connection.send({ method: "GET", target: "/v2/", scopes: [], accepts: [200], signal }),
      this.#options.pace ?? realPace,
      signal,
    );
    await discard(answer);
  }

  #connection(registry: string): RegistryConnection {
    const known = this.#connections.get(registry);
    if (known !== undefined) return known;
    const connection = new RegistryConnection(registry, {
      exchange: this.#exchange,
      credentials: this.#options.credentials ?? anonymousCredentials,
      allowsPlain: this.#options.insecure === true,
      now: Date.now,
    });
    this.#connections.set(registry, connection);
    return connection;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#exchange[Symbol.asyncDispose]();
  }
}
