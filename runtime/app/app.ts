/** An app, ready to be run: everything resolved that can be known before it starts. */
export interface App {
  readonly name: string;
  readonly version: string | undefined;
  readonly ociImageDigest: string | undefined;
  readonly components: ReadonlyMap<string, AppComponent>;
  readonly httpTriggers: readonly HttpTrigger[];
}

export interface AppComponent {
  readonly id: string;
  /** Absolute path of the .wasm file. */
  readonly sourcePath: string;
  /** Where the source was named, for messages: `spin.toml:12` or the path itself. */
  readonly sourceOrigin: string;
  readonly environment: readonly (readonly [string, string])[];
  readonly files: readonly FileMount[];
  readonly allowedOutboundHosts: readonly string[];
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
  readonly target:
    | { readonly kind: "component"; readonly component: string }
    | {
        readonly kind: "static";
        readonly status: number;
        readonly headers: readonly (readonly [string, string])[];
        readonly body: Uint8Array;
      };
}
