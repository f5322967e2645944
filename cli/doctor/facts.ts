/** What was found out about a machine; `undefined` is what is not there. */
export interface MachineFacts {
  readonly node: {
    readonly version: string;
    /** Whether a guest's stack can be suspended (JSPI). */
    readonly hasSuspending: boolean;
    /** Whether node:ffi can be used; the reason if not. */
    readonly ffi: Availability;
  };
  readonly platform: { readonly os: string; readonly architecture: string };
  /** Of the control groups of the system. */
  readonly cgroupVersion: 1 | 2 | undefined;
  readonly containerd: ContainerdFacts | undefined;
  readonly cluster: ClusterFacts;
  readonly registries: readonly RegistryFacts[];
}

export type Availability =
  | { readonly isThere: true }
  | { readonly isThere: false; readonly reason: string };

export interface ContainerdFacts {
  readonly socket: string;
  /** As it tells; undefined if the program cannot be asked. */
  readonly version: string | undefined;
  /** Path of the shim, undefined if it is not installed. */
  readonly shim: string | undefined;
}

export type ClusterFacts =
  | { readonly kind: "none"; readonly reason: string }
  | { readonly kind: "unreachable"; readonly context: string; readonly reason: string }
  | {
      readonly kind: "reachable";
      readonly context: string;
      readonly version: string;
      /** Names of runtime classes with a handler for Wasm; undefined if they may not be read. */
      readonly runtimeClasses: readonly string[] | undefined;
      /** Whether the kinds of the operator are there; undefined if that may not be read. */
      readonly hasSpinApps: boolean | undefined;
    };

export interface RegistryFacts {
  readonly host: string;
  /** `login` where it answers, but only to those who are known. */
  readonly access: "open" | "login" | "failed";
  readonly reason?: string;
  /** Whether docker's configuration has credentials for it. */
  readonly hasCredentials: boolean;
}
