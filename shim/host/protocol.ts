import type { NetworkNamespace, SpecMount } from "../front/container-spec.ts";
import type { OutputPaths } from "../front/stdio.ts";
import type { RootfsMount } from "../front/app-in-rootfs.ts";

/** What a host process has to know to run one container. */
export interface HostSpec {
  /** Absolute path of the folder that becomes the container's root. */
  readonly rootfsPath: string;
  readonly rootfs: readonly RootfsMount[];
  readonly isRootReadOnly: boolean;
  readonly mounts: readonly SpecMount[];
  /** Manifest or component, absolute within the root. */
  readonly appPath: string;
  /** Folder of a cached image, which is mounted at {@link imageFolder}; undefined for none. */
  readonly imagePath: string | undefined;
  /** Why the app cannot be run at all, for its log; nothing is mounted then. */
  readonly refusal: string | undefined;
  /** Where the reason of a failure is left; another process's file is mounted there. */
  readonly terminationPath: string;
  /** For an app with a command. */
  readonly arguments: readonly string[];
  readonly environment: readonly (readonly [string, string])[];
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** Entered before anything else; the settings of all but the node's may be changed. */
  readonly network: NetworkNamespace;
  readonly outputs: OutputPaths;
}

/** From the front to a host process. */
export type HostCommand =
  | { readonly kind: "prepare"; readonly spec: HostSpec }
  | { readonly kind: "serve" }
  /** Stop accepting, finish what is in flight, end with 0. */
  | { readonly kind: "drain" };

/** From a host process to the front. */
export type HostReport =
  /** It has the container's outputs open. */
  | { readonly kind: "adopted" }
  /** Triggers are served; with the address for HTTP. */
  | { readonly kind: "running"; readonly url: string | undefined }
  | { readonly kind: "failed"; readonly reason: string };
