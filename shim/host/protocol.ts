import type { NetworkNamespace, SpecMount } from "../front/container-spec.ts";
import type { SeatUsage } from "./process-usage.ts";
import type { PodAttributes } from "./pod-attributes.ts";
import type { WarmAnnotations } from "./warm-annotations.ts";
import type { OutputPaths } from "../front/stdio.ts";
import type { RootfsMount } from "../front/app-in-rootfs.ts";
import type { Preopen } from "../../runtime/wasi/context.ts";

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
  /** What the pod says about warm-ups. */
  readonly warm?: WarmAnnotations;
  /** Of which pod it tells. */
  readonly pod?: PodAttributes;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** Entered before anything else; the settings of all but the node's may be changed. */
  readonly network: NetworkNamespace;
  readonly outputs: OutputPaths;
}

/** What a process has to know to run the guests of several pods. */
export interface SharedHostSpec {
  readonly uid: number;
  readonly gid: number;
}

/** Directory of a shared host's root with a folder for each seat; only the front writes to it. */
export const seatsFolder = "/pods";

/** Where a shared host's root is, in its own mount view. */
export const sharedRoot = "/sys";

/**
 * What a shared host has to know to run one container. Paths are absolute within the shared root;
 * the container's outputs come as descriptors.
 */
export interface SeatSpec {
  /** Manifest or component. */
  readonly appPath: string;
  /** Folder of what was prepared of it; undefined for nothing. */
  readonly componentsPath: string | undefined;
  /** The pod's own files, undefined where it has none. */
  readonly files: {
    readonly hosts: string | undefined;
    readonly resolver: string | undefined;
    readonly runtimeConfig: string | undefined;
  };
  /** A folder for what the app keeps in stores without a path of their own. */
  readonly statePath: string;
  readonly volumes: readonly Preopen[];
  /** Destinations of volumes that guests cannot see. */
  readonly hidden: readonly string[];
  readonly refusal: string | undefined;
  readonly arguments: readonly string[];
  readonly environment: readonly (readonly [string, string])[];
  readonly warm?: WarmAnnotations;
}

/** What a shared host asks its front for; each is a number of descriptors. */
export type SocketRequest =
  /** One that is bound, for listening. */
  | { readonly kind: "listen"; readonly host: string; readonly port: number }
  /** Neither bound nor connected, in the pod's network. */
  | {
      readonly kind: "tcp" | "udp";
      readonly version: 4 | 6;
      readonly count: number;
    };

/** From the front to one container of a shared host. */
export type SeatCommand =
  /** The first two descriptors of message `descriptors` are its outputs. */
  | { readonly kind: "prepare"; readonly spec: SeatSpec; readonly descriptors: string }
  | { readonly kind: "serve" }
  | { readonly kind: "drain" }
  /** End it at once and without a report. */
  | { readonly kind: "remove" }
  /** Tell what it has used. */
  | { readonly kind: "measure" }
  /** What was asked for: descriptors in the message of that name, or why there are none. */
  | {
      readonly kind: "given";
      readonly request: number;
      readonly result: { readonly descriptors: string } | { readonly error: string };
    };

/** From one container of a shared host to the front. */
export type SeatReport =
  /** The app can be served. */
  | { readonly kind: "prepared" }
  | { readonly kind: "running"; readonly url: string | undefined }
  | { readonly kind: "failed"; readonly reason: string }
  /** It can only be run in a process of its own; nothing of it is left here. */
  | { readonly kind: "unsuitable"; readonly reason: string }
  | { readonly kind: "ended"; readonly status: number }
  | { readonly kind: "usage"; readonly usage: SeatUsage }
  | { readonly kind: "wants"; readonly request: number; readonly sockets: SocketRequest };

/** From the front to a host process. */
export type HostCommand =
  | { readonly kind: "prepare"; readonly spec: HostSpec }
  | { readonly kind: "serve" }
  /** Stop accepting, finish what is in flight, end with 0. */
  | { readonly kind: "drain" }
  /** From now on run containers of several pods; the only commands after it are for seats. */
  | { readonly kind: "share"; readonly spec: SharedHostSpec }
  /** Say that guests let anything else run. */
  | { readonly kind: "ping" }
  | { readonly kind: "seat"; readonly seat: string; readonly command: SeatCommand };

/** From a host process to the front. */
export type HostReport =
  /** It has the container's outputs open. */
  | { readonly kind: "adopted" }
  /** Triggers are served; with the address for HTTP. */
  | { readonly kind: "running"; readonly url: string | undefined }
  | { readonly kind: "failed"; readonly reason: string }
  /** It has given up its privileges: containers may be given to it. */
  | { readonly kind: "shared" }
  | { readonly kind: "alive" }
  | { readonly kind: "seat"; readonly seat: string; readonly report: SeatReport };

/** Descriptor of a host process on which it is passed others. */
export const descriptorChannel = 4;
