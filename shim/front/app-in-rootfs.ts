import { type Stats, lstatSync } from "node:fs";
import { join } from "node:path";
import { type ContainerSpec, criAnnotations } from "./container-spec.ts";

/** A file system that containerd wants mounted as a container's root. */
export interface RootfsMount {
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** Where the app lies in a container's root, an absolute path there. */
export interface AppInRootfs {
  readonly path: string;
  /** Part of the image; what a container is only told to run may come from a volume. */
  readonly isThere: boolean;
}

const manifest = "/spin.toml";

/**
 * Whether a container is a Wasm app: it is started with a `.wasm` file, or its image has a
 * `/spin.toml` and its command is no other program. Looks into the layers of an overlay without
 * mounting it. The pod's own container is never one.
 */
export function findApp(
  spec: Pick<ContainerSpec, "args" | "annotations">,
  rootfs: readonly RootfsMount[],
): AppInRootfs | undefined {
  if (spec.annotations.get(criAnnotations.type) === "sandbox") return undefined;
  const [command = ""] = spec.args;
  if (command.endsWith(".wasm")) {
    const path = absolute(command);
    return { path, isThere: statInRootfs(path, rootfs) !== undefined };
  }
  if (!isFileInRootfs(manifest, rootfs)) return undefined;
  // An image may hold a manifest and an ordinary program; then the program is what is meant.
  if (command !== "" && isProgram(command, rootfs)) return undefined;
  return { path: manifest, isThere: true };
}

/** Whether nothing in the root can be what a container is to run: its image may be an artifact. */
export function isWithoutProgram(
  { args, annotations }: Pick<ContainerSpec, "args" | "annotations">,
  rootfs: readonly RootfsMount[],
): boolean {
  if (annotations.get(criAnnotations.type) === "sandbox") return false;
  const [command = ""] = args;
  return !isProgram(command, rootfs);
}

function isProgram(command: string, rootfs: readonly RootfsMount[]): boolean {
  return programFolders(command).some((path) => isExecutableInRootfs(path, rootfs));
}

function programFolders(command: string): readonly string[] {
  if (command.startsWith("/")) return [command];
  return ["/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin", "/usr/local/sbin"].map(
    (folder) => join(folder, command),
  );
}

function isFileInRootfs(path: string, rootfs: readonly RootfsMount[]): boolean {
  return statInRootfs(path, rootfs)?.isFile() === true;
}

function isExecutableInRootfs(path: string, rootfs: readonly RootfsMount[]): boolean {
  const found = statInRootfs(path, rootfs);
  if (found === undefined) return false;
  return found.isSymbolicLink() || (found.isFile() && (found.mode & 0o111) !== 0);
}

/** The topmost layer that has the path decides; a whiteout is a character device. */
function statInRootfs(path: string, rootfs: readonly RootfsMount[]): Stats | undefined {
  for (const folder of layersOf(rootfs)) {
    const found = lstatSync(join(folder, path), { throwIfNoEntry: false });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Folders on the host, topmost first. */
export function layersOf(rootfs: readonly RootfsMount[]): readonly string[] {
  return rootfs.flatMap(({ type, source, options }) => {
    if (type !== "overlay") return source === "" ? [] : [source];
    const option = (name: string): string[] =>
      options.flatMap((each) => (each.startsWith(`${name}=`) ? [each.slice(name.length + 1)] : []));
    return [...option("upperdir"), ...option("lowerdir").flatMap((list) => list.split(":"))];
  });
}

function absolute(path: string): string {
  return join("/", path);
}
