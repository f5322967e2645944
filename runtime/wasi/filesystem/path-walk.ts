import { closeSync, constants, lstatSync, openSync, readlinkSync } from "node:fs";
import { limits } from "../../limits.ts";
import { errnoOf, FileFailure } from "./error-code.ts";

/** Linux only, and not among Node's constants: a descriptor that only names a directory. */
const O_PATH = 0x20_0000;
const enterFlags = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * What becomes of a symbolic link at the end of the path: `follow` it, `stay` on it unless a slash
 * follows, or `entry`: never leave it, the operation is about the name itself.
 */
export type LastStep = "follow" | "stay" | "entry";

/**
 * Resolves a guest's path below a directory, one component at a time, so that nothing outside can
 * be reached: each directory on the way is held open and its entries are addressed through it
 * (`/proc/self/fd/7/name`), symbolic links are read and walked here, never by the kernel, `..`
 * goes back to the descriptor held before. Another process that swaps a directory for a link
 * between two steps therefore changes nothing.
 *
 * The operation itself has to go to {@link place} without following links (O_NOFOLLOW, lstat).
 * Dispose closes what the walk opened.
 *
 * The constructor throws FileFailure: EPERM for an absolute path and for one that leaves the
 * directory, ELOOP, ENAMETOOLONG beyond the limits; and what the operating system says.
 */
export class PathWalk implements Disposable {
  readonly #rootFd: number;
  readonly #entered: number[] = [];
  /** Components still to walk, the next one last. */
  readonly #pending: string[] = [];
  #links = 0;
  #name = ".";
  #mustBeDirectory = false;

  constructor(rootFd: number, path: string, last: LastStep) {
    this.#rootFd = rootFd;
    try {
      this.#push(path);
      this.#advance();
      if (last === "follow" || (last === "stay" && this.#mustBeDirectory)) this.#followLast();
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Host path of the last component, valid until dispose. */
  get place(): string {
    return this.#placeOf(this.#name);
  }

  /** The path ended with a slash or with a dot: it means a directory. */
  get mustBeDirectory(): boolean {
    return this.#mustBeDirectory;
  }

  /** Throws ENOTDIR if the path has to be a directory and is not, ENOENT if it is not there. */
  assertSlash(): this {
    if (this.#mustBeDirectory && !lstatSync(this.place).isDirectory()) {
      throw new FileFailure("ENOTDIR", "a slash follows something that is not a directory");
    }
    return this;
  }

  /**
   * Where the last component is a symbolic link (found by an operation with O_NOFOLLOW), walks on
   * to what it points to and returns true.
   */
  followLink(): boolean {
    if (!this.#expand(this.#name)) return false;
    this.#advance();
    return true;
  }

  [Symbol.dispose](): void {
    for (const fd of this.#entered) closeSync(fd);
    this.#entered.length = 0;
  }

  #placeOf(name: string): string {
    return `/proc/self/fd/${this.#entered.at(-1) ?? this.#rootFd}/${name}`;
  }

  #push(path: string): void {
    if (path === "") throw new FileFailure("ENOENT", "an empty path");
    if (path.startsWith("/")) throw new FileFailure("EPERM", "an absolute path");
    if (path.includes("\0")) throw new FileFailure("EINVAL", "a path with a NUL character");
    if (path.length > limits.pathBytesMax || Buffer.byteLength(path) > limits.pathBytesMax) {
      throw new FileFailure("ENAMETOOLONG", `a path of more than ${limits.pathBytesMax} bytes`);
    }
    const components = path.split("/");
    const end = components.at(-1);
    // What follows a link in the middle of a path decides, not the link's own end.
    if (this.#pending.length === 0 && (end === "" || end === "." || end === "..")) {
      this.#mustBeDirectory = true;
    }
    for (const component of components.toReversed()) {
      if (component !== "" && component !== ".") this.#pending.push(component);
    }
  }

  /** Walks until only the last component is left, as the name. */
  #advance(): void {
    this.#name = ".";
    for (let next = this.#pending.pop(); next !== undefined; next = this.#pending.pop()) {
      if (next === "..") this.#leave();
      else if (this.#pending.length > 0) this.#enter(next);
      else this.#name = next;
    }
  }

  #leave(): void {
    const fd = this.#entered.pop();
    if (fd === undefined) throw new FileFailure("EPERM", "the path leaves its directory");
    closeSync(fd);
  }

  #enter(name: string): void {
    if (this.#entered.length >= limits.pathDepthMax) {
      throw new FileFailure("ENAMETOOLONG", `more than ${limits.pathDepthMax} directories deep`);
    }
    try {
      this.#entered.push(openSync(this.#placeOf(name), enterFlags));
    } catch (error) {
      const errno = errnoOf(error);
      if ((errno !== "ENOTDIR" && errno !== "ELOOP") || !this.#expand(name)) throw error;
    }
  }

  #followLast(): void {
    while (lstatSync(this.place, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
      if (!this.followLink()) return;
    }
  }

  /** Puts what the link says in front of what is still to walk; false if it is not a link. */
  #expand(name: string): boolean {
    let target: string;
    try {
      target = readlinkSync(this.#placeOf(name));
    } catch (error) {
      if (errnoOf(error) === "EINVAL") return false;
      throw error;
    }
    this.#links += 1;
    if (this.#links > limits.symlinksMax) {
      throw new FileFailure("ELOOP", `more than ${limits.symlinksMax} symbolic links`);
    }
    this.#push(target);
    return true;
  }
}
