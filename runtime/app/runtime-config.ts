import type { KeyValueStoreConfig } from "../spin/key-value/open-store.ts";
import type { SqliteDatabaseConfig } from "../spin/sqlite/open-database.ts";
import type { VariableProviderConfig } from "../spin/variables/open-provider.ts";

/** What a runtime-config.toml says, with the defaults of what it leaves out. Paths are absolute. */
export interface RuntimeConfig {
  /** Where stores and databases without a path of their own live; undefined: in memory. */
  readonly stateDirectory: string | undefined;
  /** Undefined: components write to the host's own stdout and stderr. */
  readonly logDirectory: string | undefined;
  /** Linear memory that one instance may have. */
  readonly instanceMemoryBytesMax: number | undefined;
  /** In the order of their priority; the environment is always the last one. */
  readonly variableProviders: readonly VariableProviderConfig[];
  /** By label; `default` is always there. */
  readonly keyValueStores: ReadonlyMap<string, KeyValueStoreConfig>;
  /** By label; `default` is always there. */
  readonly sqliteDatabases: ReadonlyMap<string, SqliteDatabaseConfig>;
  readonly llmCompute: LlmComputeConfig | undefined;
  readonly outboundHttp: OutboundHttpConfig;
  readonly outboundNetworking: OutboundNetworkingConfig;
  readonly outboundRedis: OutboundConnectionsConfig;
  readonly outboundPostgres: OutboundConnectionsConfig;
  readonly outboundMysql: OutboundConnectionsConfig;
  readonly outboundMqtt: OutboundMqttConfig;
  readonly clientTls: readonly ClientTlsConfig[];
}

/** `[llm_compute]`. */
export type LlmComputeConfig =
  /** Models in the host itself, which this host does not have. */
  | { readonly type: "spin" }
  | {
      readonly type: "remote_http";
      readonly url: string;
      readonly authToken: string;
      readonly apiType: "default" | "open_ai";
    };

/** Undefined: as many connections as anybody wants. */
export interface OutboundConnectionsConfig {
  readonly connectionsMax: number | undefined;
}

export interface OutboundHttpConfig extends OutboundConnectionsConfig {
  /** Whether connections are kept for the next request. */
  readonly isPooling: boolean;
}

export interface OutboundMqttConfig extends OutboundConnectionsConfig {
  readonly payloadBytesMax: number | undefined;
}

export interface OutboundNetworkingConfig {
  /** Networks that no component may reach, in CIDR notation, host bits zero or not. */
  readonly blockedNetworks: readonly string[];
  /** Whether all addresses that are not globally routable are blocked too. */
  readonly blocksPrivateNetworks: boolean;
  readonly socketConnectionsMax: number | undefined;
  readonly totalConnectionsMax: number | undefined;
}

/** `[[client_tls]]`: how some components connect to some hosts. */
export interface ClientTlsConfig {
  readonly componentIds: readonly string[];
  /** Exact names or `*.suffix`. */
  readonly hosts: readonly string[];
  /** Certificate authorities of the operating system. */
  readonly usesPlatformRoots: boolean;
  /** Certificate authorities that browsers trust. */
  readonly usesWebpkiRoots: boolean;
  /** PEM file with more certificate authorities. */
  readonly rootsFile: string | undefined;
  readonly clientCertificate: { readonly certFile: string; readonly keyFile: string } | undefined;
}
