/** An app as one JSON document, everything it needs named by digest (Spin's lock format 0 and 1). */
export interface LockedApp {
  readonly spin_lock_version: 0 | 1;
  readonly must_understand?: readonly string[];
  readonly metadata?: Values;
  readonly host_requirements?: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, LockedVariable>>;
  readonly triggers: readonly LockedTrigger[];
  readonly components: readonly LockedComponent[];
}

/** Any JSON object. */
export type Values = Readonly<Record<string, unknown>>;

export interface LockedVariable {
  readonly description?: string;
  /** None means that a value has to be given. */
  readonly default?: string;
  readonly secret?: boolean;
}

export interface LockedTrigger {
  readonly id: string;
  readonly trigger_type: string;
  readonly trigger_config: Values;
  readonly trigger_dependencies?: Readonly<Record<string, readonly LockedDependency[]>>;
}

export interface LockedComponent {
  readonly id: string;
  readonly metadata?: Values;
  readonly source: LockedSource;
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: readonly LockedFile[];
  /** Templates of the component's variables. */
  readonly config?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, LockedDependency>>;
  readonly trigger_dependencies?: Readonly<Record<string, readonly LockedDependency[]>>;
  readonly host_requirements?: Readonly<Record<string, string>>;
}

/** Where some content is: at least one of the three. */
export interface LockedContent {
  /** A `file:` URL. */
  readonly source?: string;
  /** Base64. */
  readonly inline?: string;
  readonly digest?: string;
}

export interface LockedSource extends LockedContent {
  readonly content_type: string;
}

export interface LockedFile extends LockedContent {
  /** Relative to the guest's `/`. */
  readonly path: string;
}

export interface LockedDependency {
  readonly source: LockedSource;
  readonly export: string | null;
  readonly inherit?: "All" | { readonly Some: readonly string[] };
}
