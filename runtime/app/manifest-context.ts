import type { RemoteSource } from "./component-sources.ts";
import type { ManifestProblems } from "./manifest-problems.ts";
import type { Manifest } from "./manifest.ts";
import type { PlainToml } from "./toml-document.ts";

/** What the steps from a manifest to an app share. */
export interface ManifestContext {
  readonly manifest: Manifest;
  readonly positions: PlainToml;
  readonly problems: ManifestProblems;
  /** Absolute directory of the manifest: paths in it are relative to here. */
  readonly directory: string;
  /** The file of a component that is not a file of the app. Rejects with WhorlError. */
  readonly fetchSource: (source: RemoteSource) => Promise<string>;
}
