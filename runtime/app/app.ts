/** An app, ready to be run: everything resolved that can be known before it starts. */
export interface App {
  readonly name: string;
  readonly version: string | undefined;
  readonly description: string | undefined;
  readonly ociImageDigest: string | undefined;
  /** Variables that the app declares, by name. */
  readonly variables: ReadonlyMap<string, AppVariable>;
  readonly components: ReadonlyMap<string, AppComponent>;
  readonly httpTriggers: readonly HttpTrigger[];
  /** What is suspicious about the app but does not stop it, each with its place. */
  readonly warnings: readonly string[];
}

export interface AppVariable {
  readonly value: string;
  /** Never to be shown. */
  readonly isSecret: boolean;
}

export interface AppComponent {
  readonly id: string;
  /** Absolute path of the .wasm file. */
  readonly sourcePath: string;
  /** Where the source was named, for messages: `spin.toml:12` or the path itself. */
  readonly sourceOrigin: string;
  readonly environment: readonly (readonly [string, string])[];
  readonly files: readonly FileMount[];
  /** Valid entries, their templates resolved. */
  readonly allowedOutboundHosts: readonly string[];
  /** What the component reads as its own variables: name and resolved value. */
  readonly variables: ReadonlyMap<string, string>;
  /** Labels of the stores, databases and models that the component may open. */
  readonly keyValueStores: readonly string[];
  readonly sqliteDatabases: readonly string[];
  readonly aiModels: readonly string[];
}

/** One host file or directory, read-only, at a path inside the guest's `/`. */
export interface FileMount {
  readonly hostPath: string;
  /** Relative to `/`, `""` for the root itself. */
  readonly guestPath: string;
}

export interface HttpTrigger {
  readonly id: string;
  /** As written in the manifest; undefined for a private trigger (service chaining only). */
  readonly route: string | undefined;
  /** Where the route was written, for messages: `spin.toml:12:9`. */
  readonly origin?: string;
  readonly target:
    | { readonly kind: "component"; readonly component: string }
    | {
        readonly kind: "static";
        readonly status: number;
        readonly headers: readonly (readonly [string, string])[];
        readonly body: Uint8Array;
      };
}
