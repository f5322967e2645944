/** Manifest version 2 as it stands in the file, its shape already checked. */
export interface Manifest {
  readonly spin_manifest_version: 2;
  readonly application: ManifestApplication;
  readonly variables?: Readonly<Record<string, ManifestVariable>>;
  readonly trigger?: Readonly<Record<string, readonly object[]>> & {
    readonly http?: readonly ManifestHttpTrigger[];
    readonly redis?: readonly ManifestRedisTrigger[];
    readonly mqtt?: readonly ManifestMqttTrigger[];
    readonly sqs?: readonly ManifestSqsTrigger[];
    readonly cron?: readonly ManifestCronTrigger[];
    readonly command?: readonly ManifestTrigger[];
  };
  readonly component?: Readonly<Record<string, ManifestComponent>>;
}

export interface ManifestApplication {
  readonly name: string;
  readonly version?: string;
  readonly description?: string;
  readonly authors?: readonly string[];
  readonly trigger?: Readonly<Record<string, object>> & {
    readonly http?: { readonly base?: string };
    readonly redis?: { readonly address?: string };
    readonly mqtt?: {
      readonly address?: string;
      readonly username?: string;
      readonly password?: string;
      readonly keep_alive_interval?: string | number;
    };
  };
}

export interface ManifestVariable {
  readonly default?: string;
  readonly required?: boolean;
  readonly secret?: boolean;
  readonly description?: string;
}

/** What all kinds of triggers have. */
export interface ManifestTrigger {
  readonly id?: string;
  readonly component?: string | ManifestComponent;
  /** By role. */
  readonly components?: Readonly<Record<string, OneOrMany<string | ManifestComponent>>>;
  readonly dependencies?: Readonly<Record<string, readonly ManifestDependency[]>>;
}

type OneOrMany<T> = T | readonly T[];

export interface ManifestRedisTrigger extends ManifestTrigger {
  readonly channel: string;
  readonly address?: string;
}

export interface ManifestMqttTrigger extends ManifestTrigger {
  readonly topic: string;
  readonly qos?: string | number;
}

export interface ManifestSqsTrigger extends ManifestTrigger {
  readonly queue_url: string;
  readonly max_messages?: number;
  readonly idle_wait_seconds?: number;
  readonly system_attributes?: readonly string[];
  readonly message_attributes?: readonly string[];
}

export interface ManifestCronTrigger extends ManifestTrigger {
  readonly cron_expression: string;
}

export interface ManifestHttpTrigger extends ManifestTrigger {
  readonly route?: string | { readonly private: boolean };
  readonly static_response?: {
    readonly status_code?: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  };
  readonly executor?: {
    readonly type: string;
    readonly argv?: string;
    readonly entrypoint?: string;
  };
}

export interface ManifestComponent {
  readonly source: ManifestSource;
  readonly description?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly files?: readonly ManifestFiles[];
  readonly exclude_files?: readonly string[];
  readonly allowed_outbound_hosts?: readonly string[];
  readonly allowed_http_hosts?: readonly string[];
  readonly key_value_stores?: readonly string[];
  readonly sqlite_databases?: readonly string[];
  readonly ai_models?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string | ManifestDependency>>;
  readonly dependencies_inherit_configuration?: boolean;
  readonly build?: { readonly command: string | readonly string[] };
  /** Settings of tools, which Spin leaves to them. */
  readonly tool?: {
    readonly whorl?: {
      readonly warm?: readonly string[];
      readonly warm_shares?: readonly string[];
    };
  };
  /** Its overrides are in the rest of the table already. */
  readonly profile?: Readonly<Record<string, object>>;
}

export type ManifestSource = string | ManifestRemoteSource;

/** A URL and its digest, or a package, its version and where it is from. */
export interface ManifestRemoteSource {
  readonly url?: string;
  readonly digest?: string;
  readonly registry?: string;
  readonly package?: string;
  readonly version?: string;
}

/** One of: a file, a URL, a package, another component of the app. */
export interface ManifestDependency extends ManifestRemoteSource {
  readonly path?: string;
  readonly component?: string;
  readonly export?: string;
  readonly inherit_configuration?: boolean | readonly string[];
}

/** A path or pattern, or a file or directory and its place in the guest. */
export type ManifestFiles = string | { readonly source: string; readonly destination: string };
