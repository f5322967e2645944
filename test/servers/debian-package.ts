import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";

/** Debian keeps servers in folders that are not on every user's PATH. */
const folders = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/sbin", "/bin"];

/**
 * Path of a program, undefined where it is not installed. `extraFolders` are searched first: some
 * packages (postgresql) keep programs in their own folders.
 */
export function installedProgram(
  name: string,
  extraFolders: readonly string[] = [],
): string | undefined {
  return [...extraFolders, ...folders].map((folder) => join(folder, name)).find(isExecutable);
}

/**
 * Why the tests cannot have a program: undefined where it is there, or was installed now. It is
 * installed with apt-get only with CI=true, as root; elsewhere a person decides.
 */
export function programObstacle(
  name: string,
  debianPackage: string,
  extraFolders: readonly string[] = [],
): string | undefined {
  if (installedProgram(name, extraFolders) !== undefined) return undefined;
  const remedy =
    `${name} is not installed: apt-get install --no-install-recommends ${debianPackage} ` +
    "(with CI=true, as root, whatever is missing is installed)";
  // oxlint-disable-next-line node/no-process-env -- CI says so by this variable
  if (process.env["CI"] !== "true" || process.getuid?.() !== 0) return remedy;
  const args = ["install", "-y", "-qq", "--no-install-recommends", debianPackage];
  // oxlint-disable-next-line node/no-process-env -- apt needs PATH
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  let installed = spawnSync("apt-get", args, { env, encoding: "utf8" });
  if (installed.status !== 0) {
    spawnSync("apt-get", ["update", "-qq"], { env });
    installed = spawnSync("apt-get", args, { env, encoding: "utf8" });
  }
  if (installedProgram(name, extraFolders) !== undefined) return undefined;
  return `${remedy} (tried: ${installed.stderr.trim().split("\n").at(-1) ?? "no message"})`;
}

/** Path of a program that {@link programObstacle} has checked. */
export function program(name: string, extraFolders: readonly string[] = []): string {
  const path = installedProgram(name, extraFolders);
  if (path === undefined) throw new Error(`${name} is not installed`);
  return path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
