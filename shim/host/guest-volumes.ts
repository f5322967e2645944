import { basename, dirname, join } from "node:path";
import type { Preopen } from "../../runtime/wasi/context.ts";
import type { SpecMount } from "../front/container-spec.ts";
import { scratchFolder } from "./scratch-folder.ts";

/** How a container's volumes reach its guests. */
export interface GuestVolumes {
  /** Directories that guests see, by their paths in the container's root. */
  readonly preopens: readonly Preopen[];
  /** Mounted once more, each into a directory that holds nothing else. */
  readonly files: readonly SpecMount[];
  /** Destinations that guests cannot see. */
  readonly hidden: readonly string[];
}

/** Read by the runtime for the guests, or by nobody; the last may hold credentials of stores. */
const ownFiles: ReadonlySet<string> = new Set([
  "/etc/hosts",
  "/etc/hostname",
  "/etc/resolv.conf",
  "/runtime-config.toml",
]);

/**
 * What guests see of the volumes: a directory at its mount path; a single file (`subPath`) in a
 * directory of its own, because a guest can be given directories only. A file directly in the root
 * stays hidden, as the root is the component's own files.
 */
export function guestVolumes(
  mounts: readonly SpecMount[],
  isDirectory: (source: string) => boolean,
): GuestVolumes {
  const volumes = mounts.filter(({ destination }) => !ownFiles.has(destination));
  const directories = volumes.filter(({ source }) => isDirectory(source));
  const isBelowVolume = (path: string): boolean =>
    directories.some(({ destination }) => path.startsWith(`${destination}/`));
  const files = volumes.filter(
    (mount) => !directories.includes(mount) && !isBelowVolume(mount.destination),
  );
  const parents = [...new Set(files.map(({ destination }) => dirname(destination)))];
  const shown = parents.filter((parent) => parent !== "/");
  const place = (parent: string): string => join(fileFolder, String(shown.indexOf(parent)));
  const isShown = ({ destination }: SpecMount): boolean => dirname(destination) !== "/";
  return {
    preopens: [
      ...directories.map(({ destination, options }) => ({
        hostPath: destination,
        guestPath: destination,
        writable: !options.includes("ro"),
      })),
      ...shown.map((parent) => ({
        hostPath: place(parent),
        guestPath: parent,
        writable: files.some(
          ({ destination, options }) => dirname(destination) === parent && !options.includes("ro"),
        ),
      })),
    ],
    files: files.filter(isShown).map((mount) => ({
      ...mount,
      destination: join(place(dirname(mount.destination)), basename(mount.destination)),
    })),
    hidden: files.filter((mount) => !isShown(mount)).map(({ destination }) => destination),
  };
}

const fileFolder = join(scratchFolder, "volumes");
