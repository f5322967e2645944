import type { SourceOptions } from "./component-sources.ts";

/** What an app is loaded with beside its path. */
export interface LoadOptions {
  /** Which overrides of components are used (`component.ID.profile.NAME`); none where undefined. */
  readonly profile?: string | undefined;
  /** How components are fetched that are not files; refused where undefined. */
  readonly sources?: SourceOptions | undefined;
}
