import { watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import { WhorlError } from "../../runtime/error.ts";

/**
 * Tells that something may have changed in directories, once it has been quiet for a while. What
 * has changed has to be found by looking.
 */
export class ChangeHints implements Disposable {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #quietMs: number;
  #timer: NodeJS.Timeout | undefined;
  #hint = Promise.withResolvers<void>();

  /** @param quietMs how long nothing more must happen before a hint is given. */
  constructor(quietMs: number) {
    this.#quietMs = quietMs;
  }

  /**
   * Watches these directories, and no others.
   * @throws WhorlError `limit` when the system permits no more watches.
   */
  follow(directories: ReadonlySet<string>): void {
    for (const [directory, watcher] of this.#watchers) {
      if (directories.has(directory)) continue;
      watcher.close();
      this.#watchers.delete(directory);
    }
    for (const directory of directories) {
      if (!this.#watchers.has(directory)) this.#add(directory);
    }
  }

  /**
   * Resolves with true when something may have changed since it last did so, with false when the
   * signal aborts: the hint is then for who asks next.
   */
  async next(signal: AbortSignal): Promise<boolean> {
    const stopped = Promise.withResolvers<void>();
    const stop = (): void => stopped.resolve();
    signal.addEventListener("abort", stop, { once: true });
    if (!signal.aborted) await Promise.race([this.#hint.promise, stopped.promise]);
    signal.removeEventListener("abort", stop);
    if (signal.aborted) return false;
    this.#hint = Promise.withResolvers();
    return true;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #add(directory: string): void {
    try {
      const watcher = watch(directory, () => this.#delayHint());
      watcher.on("error", () => this.#delayHint());
      this.#watchers.set(directory, watcher);
      // What happened between the last look and now was not heard.
      this.#delayHint();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOSPC" && code !== "EMFILE") {
        // Gone since it was seen: looking again finds out.
        this.#delayHint();
        return;
      }
      throw new WhorlError(
        "limit",
        `the system permits no more file watches (${this.#watchers.size} so far); raise fs.inotify.max_user_watches, or make the patterns of build.watch narrower`,
        { cause: error },
      );
    }
  }

  #delayHint(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#hint.resolve(), this.#quietMs);
  }
}
