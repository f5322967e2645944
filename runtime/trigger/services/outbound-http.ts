import { readFile } from "node:fs/promises";
import { getCACertificates, type SecureContextOptions } from "node:tls";
import type { Dispatcher } from "undici";
import type { ClientTlsConfig, RuntimeConfig } from "../../app/runtime-config.ts";
import { errorText, WhorlError } from "../../error.ts";
import { LimitedDispatcher } from "../../spin/network/limited-dispatcher.ts";
import { Permits } from "../../spin/network/permits.ts";
import { outboundAgent, type OutboundPolicy } from "../../wasi/http/outbound-agent.ts";

type OutboundHttpOptions = Pick<RuntimeConfig, "outboundHttp" | "clientTls"> & {
  readonly policy: OutboundPolicy;
  /** Connections of all kinds together. */
  readonly connections: Permits | undefined;
};

/**
 * Sends the HTTP requests of an app's components, as `[outbound_http]` and `[[client_tls]]` say:
 * components with certificates of their own share no connection with others.
 */
export class OutboundHttp implements AsyncDisposable {
  readonly #agents = new Map<string, Dispatcher>();
  readonly #special: ReadonlyMap<string, readonly HostTls[]>;
  readonly #options: OutboundHttpOptions;
  readonly #permits: Permits | undefined;
  readonly #owned = new AsyncDisposableStack();

  private constructor(options: OutboundHttpOptions, special: Map<string, readonly HostTls[]>) {
    const { outboundHttp, connections } = options;
    this.#options = options;
    this.#special = special;
    const isBounded = outboundHttp.connectionsMax !== undefined || connections !== undefined;
    this.#permits = isBounded ? new Permits(outboundHttp.connectionsMax, connections) : undefined;
  }

  /** Rejects with WhorlError `file` for a certificate that cannot be read. */
  static async open(options: OutboundHttpOptions): Promise<OutboundHttp> {
    const special = new Map<string, HostTls[]>();
    for (const config of options.clientTls) {
      const tls = await secureContext(config);
      for (const component of config.componentIds) {
        special
          .getOrInsertComputed(component, () => [])
          .push(...config.hosts.map((host) => ({ host: host.toLowerCase(), tls })));
      }
    }
    return new OutboundHttp(options, special);
  }

  /** For a component, or for what the host itself asks for on behalf of all. */
  dispatcher(component: string | undefined): Dispatcher {
    const special = component === undefined ? undefined : this.#special.get(component);
    const key = special === undefined ? "" : (component ?? "");
    return this.#agents.getOrInsertComputed(key, () => this.#newAgent(special));
  }

  #newAgent(special: readonly HostTls[] | undefined): Dispatcher {
    const { policy, outboundHttp } = this.#options;
    const agent = outboundAgent({
      isAddressAllowed: (address) => policy.isAddressAllowed(address),
      network: policy.network,
      isPooling: outboundHttp.isPooling,
      ...(special !== undefined && { tlsOf: (host: string) => tlsOf(host, special) }),
    });
    this.#owned.defer(() => agent.destroy());
    return this.#permits === undefined ? agent : new LimitedDispatcher(agent, this.#permits);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#owned.disposeAsync();
  }
}

interface HostTls {
  /** Exact, or `*.suffix`. */
  readonly host: string;
  readonly tls: SecureContextOptions;
}

/** The first entry that fits, in the order of the file. */
function tlsOf(host: string, entries: readonly HostTls[]): SecureContextOptions | undefined {
  const name = host.toLowerCase();
  const found = entries.find((entry) =>
    entry.host.startsWith("*.") ? name.endsWith(entry.host.slice(1)) : name === entry.host,
  );
  return found?.tls;
}

async function secureContext(config: ClientTlsConfig): Promise<SecureContextOptions> {
  const { usesPlatformRoots, usesWebpkiRoots, rootsFile, clientCertificate } = config;
  const ca = [
    ...(usesPlatformRoots ? getCACertificates("system") : []),
    ...(usesWebpkiRoots ? getCACertificates("bundled") : []),
    ...(rootsFile === undefined ? [] : [await readPem(rootsFile)]),
  ];
  if (clientCertificate === undefined) return { ca };
  const { certFile, keyFile } = clientCertificate;
  return { ca, cert: await readPem(certFile), key: await readPem(keyFile) };
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const message = `[[client_tls]] of the runtime config: cannot read ${path}: ${errorText(error)}`;
    throw new WhorlError("file", message, { cause: error });
  }
}
