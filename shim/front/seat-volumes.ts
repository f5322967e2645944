import { basename, dirname, join, posix } from "node:path";
import type { Preopen } from "../../runtime/wasi/context.ts";
import { isVolume } from "../host/container-root.ts";
import { guestVolumes } from "../host/guest-volumes.ts";
import type { SeatSpec } from "../host/protocol.ts";
import type { SpecMount } from "./container-spec.ts";

/** One thing of the node that a seat sees. */
export interface SeatMount {
  readonly source: string;
  /** Absolute within the shared root; below the seat's folder. */
  readonly target: string;
  readonly isDirectory: boolean;
  readonly isReadOnly: boolean;
}

/** What a seat sees of its container's mounts. */
export interface SeatVolumes {
  readonly mounts: readonly SeatMount[];
  readonly preopens: readonly Preopen[];
  readonly files: SeatSpec["files"];
  readonly hidden: readonly string[];
}

const ownFiles = {
  hosts: "/etc/hosts",
  resolver: "/etc/resolv.conf",
  runtimeConfig: "/runtime-config.toml",
} as const;

/**
 * Places a container's volumes below its seat's folder, under names that no container can choose.
 * A path in the container is only what guests call it.
 */
export function seatVolumes(
  all: readonly SpecMount[],
  at: { readonly folder: string; readonly terminationPath: string },
  isDirectory: (source: string) => boolean,
): SeatVolumes {
  const mounts = all.filter((mount) => isVolume(mount) && mount.destination !== at.terminationPath);
  const { preopens, files, hidden } = guestVolumes(mounts, isDirectory);
  const shown = preopens.map((preopen, index) => ({ preopen, target: `${at.folder}/v${index}` }));
  const directories = shown.flatMap(({ preopen, target }) =>
    mounts
      .filter(({ destination }) => destination === preopen.hostPath)
      .map((mount) => seatMount(mount, target, true)),
  );
  const single = files.flatMap((file) => {
    const place = shown.find(({ preopen }) => preopen.hostPath === dirname(file.destination));
    const name = basename(posix.normalize(file.destination));
    if (place === undefined || name === "..") return [];
    return [seatMount(file, join(place.target, name), false)];
  });
  const own = Object.entries(ownFiles).flatMap(([name, path]) => {
    const mount = mounts.findLast(({ destination }) => destination === path);
    return mount === undefined ? [] : [{ name, mount: ownFile(mount, at.folder) }];
  });
  const ownPath = (name: string): string | undefined =>
    own.find((each) => each.name === name)?.mount.target;
  return {
    mounts: [...directories, ...single, ...own.map(({ mount }) => mount)],
    preopens: shown.map(({ preopen, target }) => ({ ...preopen, hostPath: target })),
    files: {
      hosts: ownPath("hosts"),
      resolver: ownPath("resolver"),
      runtimeConfig: ownPath("runtimeConfig"),
    },
    hidden,
  };
}

function seatMount(
  { source, options }: SpecMount,
  target: string,
  isDirectory: boolean,
): SeatMount {
  return { source, target, isDirectory, isReadOnly: options.includes("ro") };
}

/** Under the name that people know from the container. */
function ownFile({ source, destination }: SpecMount, folder: string): SeatMount {
  const target = join(folder, basename(destination));
  return { source, target, isDirectory: false, isReadOnly: true };
}
