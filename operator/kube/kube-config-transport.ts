import type { RequestOptions } from "node:https";
import type { SecureContextOptions } from "node:tls";
import { isDeepStrictEqual } from "node:util";
import type { Cluster, KubeConfig } from "@kubernetes/client-node";
import { Agent, type Dispatcher, ProxyAgent } from "undici";
import { OperatorError } from "../error.ts";
import { limits } from "../limits.ts";
import type { Clock } from "./clock.ts";
import { systemClock } from "./clock.ts";
import type { Transport, TransportRequest, TransportResponse } from "./transport.ts";

/** TLS material of one user of one cluster; a change means new connections. */
interface Tls {
  readonly ca?: SecureContextOptions["ca"];
  readonly cert?: SecureContextOptions["cert"];
  readonly key?: SecureContextOptions["key"];
  readonly pfx?: SecureContextOptions["pfx"];
  readonly passphrase?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
  readonly tls: Tls;
  readonly readAtMs: number;
}

const tlsNames = [
  "ca",
  "cert",
  "key",
  "pfx",
  "passphrase",
  "servername",
  "rejectUnauthorized",
] as const satisfies readonly (keyof Tls)[];

/**
 * Requests over HTTP/1.1 with the addresses, certificates and credentials that a KubeConfig gives
 * (files, tokens that are rotated on disk, exec plugins, in-cluster). One connection per running
 * request, so that a connection that dies takes one watch with it and not all.
 */
export class KubeConfigTransport implements Transport {
  readonly host: string;
  readonly #config: KubeConfig;
  readonly #clock: Clock;
  readonly #cluster: Cluster;
  readonly #origin: string;
  /** Path before /api, where the API server is behind a gateway. */
  readonly #prefix: string;
  #credentials: Credentials | undefined;
  #reading: Promise<Credentials> | undefined;

  /** Throws `config` where the KubeConfig has no usable current cluster. */
  constructor(config: KubeConfig, clock: Clock = systemClock) {
    const cluster = config.getCurrentCluster();
    if (cluster === null || !URL.canParse(cluster.server)) {
      const found = cluster === null ? "none" : `"${cluster.server}"`;
      throw new OperatorError(
        "config",
        `the kubeconfig's current context needs a cluster with the URL of an API server; it has ${found}`,
      );
    }
    const url = new URL(cluster.server);
    this.host = url.host;
    this.#origin = url.origin;
    this.#prefix = url.pathname.replace(/\/+$/, "");
    this.#config = config;
    this.#clock = clock;
    this.#cluster = cluster;
  }

  async send(request: TransportRequest): Promise<TransportResponse> {
    const { headers, dispatcher } = await this.#current();
    const {
      statusCode,
      headers: answered,
      body,
    } = await dispatcher.request({
      origin: this.#origin,
      path: this.#prefix + request.path,
      method: request.method,
      headers: { ...headers, ...request.headers },
      body: request.body ?? null,
      signal: request.signal ?? null,
      headersTimeout: request.headersMs,
      bodyTimeout: request.bodyMs,
    });
    return { status: statusCode, header: (name) => text(answered[name]), body };
  }

  forgetCredentials(): void {
    const credentials = this.#credentials;
    if (credentials !== undefined) {
      this.#credentials = { ...credentials, readAtMs: Number.NEGATIVE_INFINITY };
    }
  }

  /** Cuts everything that still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#credentials?.dispatcher.destroy();
    this.#credentials = undefined;
  }

  async #current(): Promise<Credentials> {
    const credentials = this.#credentials;
    const age = this.#clock.now() - (credentials?.readAtMs ?? Number.NEGATIVE_INFINITY);
    if (credentials !== undefined && age < limits.credentialAgeMsMax) return credentials;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return await this.#reading;
  }

  async #read(): Promise<Credentials> {
    const options: RequestOptions = {};
    try {
      await this.#config.applyToHTTPSOptions(options);
    } catch (cause) {
      // A token file that is being replaced must not stop what works: the old one may still do.
      if (this.#credentials !== undefined) return this.#credentials;
      throw new OperatorError("config", "cannot read the credentials of the kubeconfig", { cause });
    }
    const tls = tlsOf(options);
    const old = this.#credentials;
    const same = old !== undefined && isDeepStrictEqual(old.tls, tls);
    const dispatcher = same ? old.dispatcher : this.#connect(tls);
    this.#credentials = {
      headers: headersOf(options),
      dispatcher,
      tls,
      readAtMs: this.#clock.now(),
    };
    // Requests that run on the old connections end in their own time.
    if (!same) old?.dispatcher.close().catch(() => undefined);
    return this.#credentials;
  }

  #connect(tls: Tls): Dispatcher {
    const { proxyUrl } = this.#cluster;
    const options = {
      connections: limits.connectionsMax,
      keepAliveTimeout: limits.idleConnectionMs,
      keepAliveMaxTimeout: limits.idleConnectionMs,
      pipelining: 1,
      allowH2: false,
    };
    if (proxyUrl === undefined || proxyUrl === "") {
      // Probes find a dead peer 40 s after its last sign, also below a silent watch.
      const connect = { ...tls, keepAlive: true, keepAliveInitialDelay: 30_000 };
      return new Agent({ ...options, connect });
    }
    if (/^https?:/.test(proxyUrl)) {
      return new ProxyAgent({ ...options, uri: proxyUrl, requestTls: { ...tls } });
    }
    throw new OperatorError(
      "config",
      `proxy-url ${proxyUrl} of the kubeconfig: only http and https`,
    );
  }
}

function tlsOf(options: RequestOptions): Tls {
  const given = tlsNames.filter((name) => options[name] !== undefined && options[name] !== null);
  return Object.fromEntries(given.map((name) => [name, options[name]])) as Tls;
}

function headersOf({ headers = {}, auth }: RequestOptions): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) all[name.toLowerCase()] = String(value);
  if (typeof auth === "string") {
    all["authorization"] = `Basic ${Buffer.from(auth).toString("base64")}`;
  }
  return all;
}

function text(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
