import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { App } from "../../../runtime/app/app.ts";
import { errorText, WhorlError } from "../../../runtime/error.ts";

export interface AppFolderOptions {
  /** Absolute. */
  readonly folder: string;
  /** Whether an app may have this name. */
  isName(name: string): boolean;
  load(path: string): Promise<App>;
}

/** An app that is there, as it is now. */
export interface FoundApp {
  readonly name: string;
  readonly app: App;
}

/** What is different from the last look. */
export interface FolderFinding {
  /** New ones, and new versions of known ones. */
  readonly changed: readonly FoundApp[];
  readonly removed: readonly string[];
  /** Why something in the folder is not served, each said once. */
  readonly problems: readonly string[];
}

interface Known {
  readonly stamp: string;
  /** Files that the app is made of; of a broken one those that could mend it. */
  readonly files: readonly string[];
  readonly isServed: boolean;
  /** Why it is not served as it is now. */
  readonly problem?: string;
}

/**
 * A folder whose folders and `.wasm` files are apps, each named as it is called. What is no app (no
 * `spin.toml`, not exactly one component) is passed over.
 */
export class AppFolder {
  readonly #options: AppFolderOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: AppFolderOptions) {
    this.#options = options;
  }

  /** Where changes can happen. */
  get directories(): ReadonlySet<string> {
    const files = [...this.#known.values()].flatMap((known) => known.files);
    return new Set([this.#options.folder, ...files.map((file) => dirname(file))]);
  }

  has(name: string): boolean {
    return this.#known.has(name);
  }

  /** Why apps are not served as they are now, by name. */
  get problems(): ReadonlyMap<string, string> {
    return new Map(
      [...this.#known].flatMap(([name, { problem }]) =>
        problem === undefined ? [] : [[name, problem] as const],
      ),
    );
  }

  /** Looks at everything. Rejects with WhorlError `file` when the folder cannot be read. */
  async look(): Promise<FolderFinding> {
    const found = await this.#list();
    const removed: string[] = [];
    for (const [name, { isServed }] of this.#known) {
      if (found.has(name)) continue;
      this.#known.delete(name);
      if (isServed) removed.push(name);
    }
    const changed: FoundApp[] = [];
    const problems: string[] = [];
    for (const [name, path] of found) {
      const looked = await this.#lookAt(name, path);
      if (looked === undefined) continue;
      if ("problem" in looked) problems.push(looked.problem);
      else changed.push(looked);
    }
    return { changed, removed, problems };
  }

  /** Paths of what may be apps, by name. */
  async #list(): Promise<ReadonlyMap<string, string>> {
    const { folder } = this.#options;
    try {
      const entries = await readdir(folder, { withFileTypes: true });
      return new Map(
        entries
          .filter((entry) => !entry.name.startsWith(".") && isAppEntry(entry))
          .map(({ name }) => [basename(name, ".wasm").toLowerCase(), join(folder, name)] as const)
          .toSorted(([one], [other]) => (one < other ? -1 : 1)),
      );
    } catch (error) {
      throw new WhorlError("file", `cannot list ${folder}: ${errorText(error)}`, { cause: error });
    }
  }

  /** Undefined where nothing has changed. */
  async #lookAt(
    name: string,
    path: string,
  ): Promise<FoundApp | { readonly problem: string } | undefined> {
    const before = this.#known.get(name);
    const stamp = before === undefined ? undefined : await stampOf(before.files);
    if (stamp !== undefined && stamp === before?.stamp) return undefined;
    const isServed = before?.isServed ?? false;
    if (!this.#options.isName(name)) {
      const problem = "the name of an app has letters, digits and - only; rename it";
      await this.#know(name, [path], { isServed, problem });
      return { problem: `${path}: ${problem}` };
    }
    try {
      const app = await this.#options.load(path);
      await this.#know(name, [path, ...filesOf(app)], { isServed: true });
      return { name, app };
    } catch (error) {
      const problem = errorText(error);
      await this.#know(name, [path, join(path, "spin.toml")], { isServed, problem });
      return { problem: `${name} is not served: ${problem}` };
    }
  }

  async #know(
    name: string,
    files: readonly string[],
    found: Pick<Known, "isServed" | "problem">,
  ): Promise<void> {
    this.#known.set(name, { files, ...found, stamp: await stampOf(files) });
  }
}

function isAppEntry(entry: {
  readonly name: string;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}): boolean {
  return entry.isDirectory() || entry.isSymbolicLink() || entry.name.endsWith(".wasm");
}

/** What a change of would be another version: manifest, components, assets are copied at start. */
function filesOf({ directory, components }: App): string[] {
  return [
    join(directory, "spin.toml"),
    ...[...components.values()].flatMap(({ sourcePath, dependencies = [], middleware = [] }) => [
      sourcePath,
      ...[...dependencies, ...middleware].map((part) => part.sourcePath),
    ]),
  ];
}

async function stampOf(files: readonly string[]): Promise<string> {
  const stamps = await Promise.all(
    files.map(async (file) => {
      const found = await stat(file).catch(() => undefined);
      return found === undefined ? "-" : `${found.size} ${found.mtimeMs} ${found.ino}`;
    }),
  );
  return stamps.join("\n");
}
