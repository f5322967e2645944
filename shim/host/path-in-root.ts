import { lstatSync, readlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { ShimError } from "../error.ts";

/** As Linux does. */
const symlinksMax = 40;

/**
 * Host path of a path inside a root that is not trusted: symbolic links are followed as if the root
 * were `/`, so that none leads out of it. What does not exist is taken as it is written.
 * @throws ShimError `invalid_argument` for too many links
 */
export function pathInRoot(root: string, path: string): string {
  let resolved = "/";
  let links = 0;
  const rest = path.split("/").toReversed();
  for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
    if (name === "" || name === ".") continue;
    if (name === "..") {
      resolved = dirname(resolved);
      continue;
    }
    const found = lstatSync(join(root, resolved, name), { throwIfNoEntry: false });
    if (found?.isSymbolicLink() !== true) {
      resolved = join(resolved, name);
      continue;
    }
    links += 1;
    if (links > symlinksMax) {
      throw new ShimError("invalid_argument", `${path} has too many symbolic links`);
    }
    const target = readlinkSync(join(root, resolved, name));
    if (target.startsWith("/")) resolved = "/";
    rest.push(...target.split("/").toReversed());
  }
  return join(root, resolved);
}
