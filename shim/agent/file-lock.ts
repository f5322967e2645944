import { closeSync, openSync } from "node:fs";
import { dlopen } from "node:ffi";

/** LOCK_EX | LOCK_NB of flock(2). */
const exclusiveAtOnce = 6;

/**
 * Takes a file for this process alone, until it is disposed or the process ends in whatever way;
 * undefined if another process has it, in this container or any other.
 */
export function lockFile(path: string): Disposable | undefined {
  const { functions } = dlopen(null, {
    flock: { arguments: ["i32", "i32"], return: "i32" },
  });
  const fd = openSync(path, "a", 0o600);
  if (functions.flock(fd, exclusiveAtOnce) !== 0) {
    closeSync(fd);
    return undefined;
  }
  return { [Symbol.dispose]: () => closeSync(fd) };
}
