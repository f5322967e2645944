import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errorText, WhorlError } from "../../error.ts";

/** Whose sockets, and where: of the process that runs. */
export interface SocketPlace {
  /** `$XDG_RUNTIME_DIR`, else a folder for temporary files. */
  readonly parent: string;
  readonly userId: number;
}

/** The folder with the admin sockets of a user's processes. */
export function adminFolder({ parent, userId }: SocketPlace): string {
  return join(parent, `whorl-${userId}`);
}

/** Where a process offers its live view. */
export function adminSocketPath(place: SocketPlace, pid: number): string {
  return join(adminFolder(place), `${pid}.sock`);
}

/**
 * Makes the folder, for its user alone, and removes what a dead process of the same number left.
 * Throws WhorlError `listen` where somebody else has made it: who may write there could pose as an
 * app, or read what it logs.
 */
export function prepareAdminFolder(place: SocketPlace, pid: number): string {
  const folder = adminFolder(place);
  try {
    mkdirSync(folder, { mode: 0o700, recursive: true });
    const found = lstatSync(folder);
    if (!found.isDirectory() || found.uid !== place.userId) {
      throw new Error("it belongs to somebody else; remove it");
    }
    if ((found.mode & 0o077) !== 0) chmodSync(folder, 0o700);
    const path = adminSocketPath(place, pid);
    rmSync(path, { force: true });
    return path;
  } catch (error) {
    throw new WhorlError("listen", `cannot use ${folder}: ${errorText(error)}`, { cause: error });
  }
}

/** The processes of this user that may be running an app, by their numbers. */
export function adminProcesses(place: SocketPlace): number[] {
  const folder = adminFolder(place);
  try {
    const { uid, mode } = lstatSync(folder);
    // Others could have put a socket of their own there.
    if (uid !== place.userId || (mode & 0o022) !== 0) return [];
    return readdirSync(folder)
      .map((name) => /^(\d{1,10})\.sock$/.exec(name)?.[1])
      .filter((digits) => digits !== undefined)
      .map(Number)
      .toSorted((a, b) => a - b);
  } catch {
    return [];
  }
}
