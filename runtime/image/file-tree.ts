import { WhorlError } from "../error.ts";
import { limits } from "../limits.ts";

type Directory<T> = Map<string, Directory<T> | T>;

/**
 * Files by path, as a file system has them: at a path is a file or a directory, and with a directory
 * goes what is in it. Each operation takes the time of the path's length, whatever is in the tree.
 */
export class FileTree<T extends object> {
  readonly #root: Directory<T> = new Map();
  /** Made so far: a path can be all slashes. */
  #directories = 0;

  /** Undefined where there is nothing, or a directory. */
  get(path: string): T | undefined {
    const found = this.#directoryOf(path)?.get(nameOf(path));
    return found instanceof Map ? undefined : found;
  }

  /**
   * Puts a file in the place of whatever is there, or in the way.
   * @throws WhorlError `limit` for more directories than an image may have entries.
   */
  set(path: string, file: T): void {
    let directory = this.#root;
    for (const segment of path.split("/").slice(0, -1)) {
      const found = directory.get(segment);
      const next: Directory<T> = found instanceof Map ? found : this.#newDirectory();
      if (next !== found) directory.set(segment, next);
      directory = next;
    }
    directory.set(nameOf(path), file);
  }

  /** Takes away what is there; of the root, "", all that is in it. */
  remove(path: string): void {
    if (path === "") this.#root.clear();
    else this.#directoryOf(path)?.delete(nameOf(path));
  }

  /** All files, with their paths. */
  files(): Generator<[path: string, file: T]> {
    return filesIn(this.#root, "");
  }

  #newDirectory(): Directory<T> {
    if (++this.#directories > limits.unpackedEntriesMax) {
      throw new WhorlError(
        "limit",
        `an image has more than ${limits.unpackedEntriesMax} directories; leave out what the app does not need`,
      );
    }
    return new Map();
  }

  #directoryOf(path: string): Directory<T> | undefined {
    let directory = this.#root;
    for (const segment of path.split("/").slice(0, -1)) {
      const next = directory.get(segment);
      if (!(next instanceof Map)) return undefined;
      directory = next;
    }
    return directory;
  }
}

function* filesIn<T extends object>(
  directory: Directory<T>,
  prefix: string,
): Generator<[path: string, file: T]> {
  for (const [name, found] of directory) {
    if (found instanceof Map) yield* filesIn(found, `${prefix}${name}/`);
    else yield [prefix + name, found];
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
