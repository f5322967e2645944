import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readBuildPlan } from "../../runtime/app/build-plan-file.ts";
import { WatchedApp } from "./watched-app.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "whorl-test-"));
  await write("a.src", "1");
  await write("b.src", "1");
  await write("spin.toml", manifest());
});
afterEach(() => rm(directory, { recursive: true }));

function write(name: string, content: string): Promise<void> {
  return writeFile(join(directory, name), content);
}

function manifest(more = "", command = "make a"): string {
  return `spin_manifest_version = 2
[application]
name = "x"
[component.a]
source = "a.wasm"
files = ["page.html"]
build = { command = "${command}", watch = ["a.*"] }
[component.b]
source = "b.wasm"
build = { command = "make b", watch = ["b.src"] }
[component.c]
source = "c.wasm"
build = { command = "make c" }
${more}`;
}

function watched(isBuilding = true): WatchedApp {
  const path = join(directory, "spin.toml");
  return new WatchedApp({ manifest: path, isBuilding, readPlan: readBuildPlan });
}

/** One that has been built. */
async function builtApp(isBuilding = true): Promise<WatchedApp> {
  const app = watched(isBuilding);
  const { toBuild } = await app.look();
  await app.built(toBuild);
  return app;
}

test("WatchedApp builds everything first", async () => {
  const app = watched();
  expect(await app.look()).toEqual({ changed: ["spin.toml"], toBuild: ["a", "b", "c"] });
  expect(app.unwatched).toEqual(["c"]);
  expect([...app.directories]).toEqual([directory]);
});

test("WatchedApp finds nothing where nothing changed", async () => {
  const app = await builtApp();
  expect(await app.look()).toEqual({ changed: [], toBuild: [] });
});

test("WatchedApp builds what a changed file belongs to", async () => {
  const app = await builtApp();
  await write("b.src", "2");
  expect(await app.look()).toEqual({ changed: ["b.src"], toBuild: ["b"] });
});

test("WatchedApp does not take what a build made for a change, even if a pattern matches", async () => {
  const app = watched();
  await app.look();
  await write("a.wasm", "1");
  await app.built(["a", "b", "c"]);
  expect(await app.look()).toEqual({ changed: [], toBuild: [] });
});

test("WatchedApp sees a binary that somebody else made, and files for the guest", async () => {
  const app = await builtApp();
  await write("c.wasm", "1");
  await write("page.html", "1");
  expect(await app.look()).toEqual({ changed: ["c.wasm", "page.html"], toBuild: [] });
});

test("WatchedApp sees what changed during a build", async () => {
  const app = watched();
  await app.look();
  await write("a.src", "2");
  await app.built(["a", "b", "c"]);
  expect(await app.look()).toEqual({ changed: ["a.src"], toBuild: ["a"] });
});

test("WatchedApp builds again what has failed, with the next change", async () => {
  const app = await builtApp();
  await write("a.src", "2");
  await app.look();
  await write("b.src", "2");
  expect(await app.look()).toEqual({ changed: ["b.src"], toBuild: ["a", "b"] });
});

test("WatchedApp builds what the manifest changed, and nothing else", async () => {
  const app = await builtApp();
  await write("spin.toml", manifest("", "make it"));
  expect(await app.look()).toEqual({ changed: ["spin.toml"], toBuild: ["a"] });
  await app.built(["a"]);
  await write("spin.toml", manifest("# a comment\n", "make it"));
  expect(await app.look()).toEqual({ changed: ["spin.toml"], toBuild: [] });
});

test("WatchedApp goes on after a manifest that cannot be read", async () => {
  const app = await builtApp();
  await write("spin.toml", "[");
  await expect(app.look()).rejects.toThrow("spin.toml:1:");
  await write("b.src", "2");
  expect(await app.look()).toEqual({ changed: ["b.src"], toBuild: ["b"] });
  await write("spin.toml", manifest());
  expect(await app.look()).toEqual({ changed: ["spin.toml"], toBuild: ["b"] });
});

test("WatchedApp builds nothing where it is told so", async () => {
  const app = await builtApp(false);
  await write("a.src", "2");
  expect(await app.look()).toEqual({ changed: [], toBuild: [] });
  await write("a.wasm", "2");
  expect(await app.look()).toEqual({ changed: ["a.wasm"], toBuild: [] });
});
