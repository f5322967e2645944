import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { errorText, ShimError } from "../error.ts";
import type { SpecMount } from "../front/container-spec.ts";
import { type GuestVolumes, guestVolumes } from "./guest-volumes.ts";
import { type Kernel, mountFlags } from "./kernel.ts";
import { pathInRoot } from "./path-in-root.ts";
import type { HostSpec } from "./protocol.ts";
import { imageFolder, scratchFolder } from "./scratch-folder.ts";

/** Where the runtime keeps an app's state, if its manifest lies in the root. */
const stateFolder = "/.spin";

type RootSpec = Pick<
  HostSpec,
  | "rootfsPath"
  | "rootfs"
  | "imagePath"
  | "isRootReadOnly"
  | "mounts"
  | "terminationPath"
  | "uid"
  | "gid"
>;

/**
 * Builds a container's root in this process's own mount namespace: the image's layers, the
 * volumes, the runtime's code and a folder for temporary files. Nothing of it is seen outside, and
 * it ends with the process. Gives what guests see of it.
 * @throws ShimError `internal` naming the mount
 */
export function mountRoot(spec: RootSpec, codeFolder: string, kernel: Kernel): GuestVolumes {
  const root = spec.rootfsPath;
  for (const { type, source, options } of spec.rootfs) {
    kernel.mount({ source, target: root, type, ...mountOptions(type, options) });
  }
  mountOwnFileSystems(spec, kernel);
  const code = { source: codeFolder, destination: codeFolder, type: "bind", options: ["ro"] };
  const own = spec.imagePath === undefined ? [code] : [code, imageMount(spec.imagePath)];
  const isLog = ({ destination }: SpecMount): boolean => destination === spec.terminationPath;
  const volumes = spec.mounts.filter((mount) => isVolume(mount));
  for (const each of [...own, ...volumes, ...spec.mounts.filter(isLog)]) bind(each, root, kernel);
  const forGuests = guestVolumes(
    volumes.filter((mount) => !isLog(mount)),
    (source) => statSync(source).isDirectory(),
  );
  for (const each of forGuests.files) bind(each, root, kernel);
  if (spec.isRootReadOnly) {
    const readOnly = mountFlags.remount | mountFlags.bind | mountFlags.readOnly;
    kernel.mount({ source: "none", target: root, type: "", flags: readOnly, data: "" });
  }
  return forGuests;
}

function imageMount(source: string): SpecMount {
  return { source, destination: imageFolder, type: "bind", options: ["ro"] };
}

/** What the runtime itself needs: a folder for temporary files, and its own entry in /proc. */
function mountOwnFileSystems({ rootfsPath, uid, gid }: RootSpec, kernel: Kernel): void {
  const flags = mountFlags.noSuid | mountFlags.noDev;
  const scratch = pathInRoot(rootfsPath, scratchFolder);
  mkdirSync(scratch, { recursive: true });
  kernel.mount({ source: "tmpfs", target: scratch, type: "tmpfs", flags, data: "mode=0700" });
  chownSync(scratch, uid, gid);
  chmodSync(scratch, 0o700);
  // Stores without a path of their own live as long as the container.
  const state = pathInRoot(rootfsPath, stateFolder);
  mkdirSync(state, { recursive: true });
  chownSync(state, uid, gid);
  const proc = pathInRoot(rootfsPath, "/proc");
  mkdirSync(proc, { recursive: true });
  // Of the node's other processes nothing is shown.
  kernel.mount({ source: "proc", target: proc, type: "proc", flags, data: "hidepid=invisible" });
}

/** Volumes and the pod's files; not the kernel's file systems, which no guest sees. */
export function isVolume({ type, destination }: SpecMount): boolean {
  if (type !== "bind" && type !== "none") return false;
  return !["/proc", "/sys", "/dev"].some(
    (folder) => destination === folder || destination.startsWith(`${folder}/`),
  );
}

function bind({ source, destination, options }: SpecMount, root: string, kernel: Kernel): void {
  try {
    const target = pathInRoot(root, destination);
    makeMountPoint(target, statSync(source).isDirectory());
    const flags = mountFlags.bind | mountFlags.recursive;
    kernel.mount({ source, target, type: "", flags, data: "" });
    if (!options.includes("ro")) return;
    const readOnly = mountFlags.remount | mountFlags.bind | mountFlags.readOnly;
    kernel.mount({ source: "none", target, type: "", flags: readOnly, data: "" });
  } catch (error) {
    const text = `volume ${destination} cannot be mounted: ${errorText(error)}`;
    throw new ShimError("internal", text, { cause: error });
  }
}

function makeMountPoint(target: string, isDirectory: boolean): void {
  if (existsSync(target)) return;
  mkdirSync(isDirectory ? target : dirname(target), { recursive: true });
  if (!isDirectory) closeSync(openSync(target, "w"));
}

/** Options of mount(8) as flags and the rest for the file system. */
export function mountOptions(
  type: string,
  options: readonly string[],
): { readonly flags: bigint; readonly data: string } {
  let flags = 0n;
  const data: string[] = [];
  for (const option of options) {
    const flag = namedFlags.get(option);
    if (flag === undefined) data.push(option);
    else flags |= flag;
  }
  if (type === "bind") flags |= mountFlags.bind;
  return { flags, data: data.join(",") };
}

const namedFlags: ReadonlyMap<string, bigint> = new Map([
  ["ro", mountFlags.readOnly],
  ["rw", 0n],
  ["nosuid", mountFlags.noSuid],
  ["nodev", mountFlags.noDev],
  ["noexec", mountFlags.noExec],
  ["bind", mountFlags.bind],
  ["rbind", mountFlags.bind | mountFlags.recursive],
]);
