import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import type { App } from "../../../runtime/app/app.ts";
import { WhorlError } from "../../../runtime/error.ts";
import { AppFolder } from "./app-folder.ts";

/** Names that are served, that are gone, and what is wrong. */
interface Seen {
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly problems: readonly string[];
}

/** A folder in which an app is a folder with `spin.toml`, made of a file `app.wasm` beside it. */
class WatchedFolder implements Disposable {
  readonly #path = mkdtempSync(join(tmpdir(), "whorl-apps-"));
  readonly #apps: AppFolder;

  constructor(files: Readonly<Record<string, string>>) {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(this.path(name)), { recursive: true });
      writeFileSync(this.path(name), content);
    }
    this.#apps = new AppFolder({
      folder: this.#path,
      isName: (name) => /^[a-z0-9-]+$/.test(name),
      load: (path) => this.#load(path),
    });
  }

  path(...names: readonly string[]): string {
    return join(this.#path, ...names);
  }

  async look(): Promise<Seen> {
    const { changed, ...rest } = await this.#apps.look();
    return { changed: changed.map(({ name }) => name), ...rest };
  }

  get directories(): ReadonlySet<string> {
    return this.#apps.directories;
  }

  [Symbol.dispose](): void {
    rmSync(this.#path, { recursive: true });
  }

  async #load(path: string): Promise<App> {
    if (basename(path).startsWith("broken")) throw new WhorlError("manifest", "line 1 is wrong");
    const components = new Map([["c", { id: "c", sourcePath: join(path, "app.wasm") }]]);
    return { name: basename(path), directory: path, components } as unknown as App;
  }
}

const quiet: Seen = { changed: [], removed: [], problems: [] };
const shop = { "shop/spin.toml": "", "shop/app.wasm": "1" };

test("folders and components are apps, by their names; other files are none", async () => {
  using folder = new WatchedFolder({
    ...shop,
    "Hello.wasm": "",
    "README.md": "",
    ".hidden/spin.toml": "",
  });
  expect(await folder.look()).toEqual({ ...quiet, changed: ["hello", "shop"] });
  expect(await folder.look()).toEqual(quiet);
  expect(folder.directories).toContain(folder.path("shop"));
});

test.each([
  ["manifest", "shop/spin.toml"],
  ["component", "shop/app.wasm"],
])("a new %s is a new version", async (_what, file) => {
  using folder = new WatchedFolder({ ...shop, "other/spin.toml": "" });
  await folder.look();
  writeFileSync(folder.path(file), "changed");
  expect(await folder.look()).toEqual({ ...quiet, changed: ["shop"] });
});

test("the same bytes with another time are looked at again, once", async () => {
  using folder = new WatchedFolder(shop);
  await folder.look();
  utimesSync(folder.path("shop/app.wasm"), 1, 1);
  expect(await folder.look()).toEqual({ ...quiet, changed: ["shop"] });
  expect(await folder.look()).toEqual(quiet);
});

test("apps come, go and change their names", async () => {
  using folder = new WatchedFolder(shop);
  await folder.look();
  mkdirSync(folder.path("blog"));
  writeFileSync(folder.path("blog/spin.toml"), "");
  renameSync(folder.path("shop"), folder.path("store"));
  expect(await folder.look()).toEqual({ ...quiet, changed: ["blog", "store"], removed: ["shop"] });
  rmSync(folder.path("blog"), { recursive: true });
  expect(await folder.look()).toEqual({ ...quiet, removed: ["blog"] });
});

test("what is broken is told once, does not keep the others, and can be mended", async () => {
  using folder = new WatchedFolder({ ...shop, "broken-1/spin.toml": "", "bad name/spin.toml": "" });
  const seen = await folder.look();
  expect(seen.changed).toEqual(["shop"]);
  expect(seen.problems).toEqual([
    expect.stringMatching(/bad name: the name of an app has letters, digits and - only/),
    expect.stringMatching(/broken-1 is not served: .*line 1 is wrong/),
  ]);
  expect(await folder.look()).toEqual(quiet);
  writeFileSync(folder.path("broken-1/spin.toml"), "still wrong");
  expect((await folder.look()).problems).toHaveLength(1);
  rmSync(folder.path("broken-1"), { recursive: true });
  // It was never served: nothing is gone for anybody.
  expect(await folder.look()).toEqual(quiet);
});

test("a folder that is gone is said with its name", async () => {
  using folder = new WatchedFolder({});
  const missing = new AppFolder({
    folder: folder.path("nowhere"),
    isName: () => true,
    load: () => Promise.reject(new Error("nothing to load")),
  });
  await expect(missing.look()).rejects.toThrow(/cannot list .*nowhere/);
});
