import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readLoadOptions } from "./load-options.ts";

const folder = mkdtempSync(join(tmpdir(), "whorl-load-options-"));
afterAll(() => rmSync(folder, { recursive: true }));

const config = 'default_registry = "packages.example"\n';
const given = join(folder, "given.toml");
const broken = join(folder, "broken.toml");
const home = join(folder, "home");
mkdirSync(join(home, ".config", "wasm-pkg"), { recursive: true });
writeFileSync(given, config);
writeFileSync(broken, "default_registry =");
writeFileSync(join(home, ".config", "wasm-pkg", "config.toml"), config);

test.each([
  ["a file that is named", { WKG_CONFIG_FILE: given }, "packages.example"],
  ["the user's own", { HOME: home }, "packages.example"],
  [
    "a folder for settings",
    { HOME: "/none", XDG_CONFIG_HOME: join(home, ".config") },
    "packages.example",
  ],
  ["a user without one", { HOME: folder }, undefined],
  ["nobody's", {}, undefined],
])("packages are looked for as wkg does: %s", async (_name, environment, registry) => {
  const { sources } = await readLoadOptions({}, environment);
  expect(sources?.packages?.defaultRegistry?.registry).toBe(registry);
});

test.each([
  [
    "a file that is not there",
    { WKG_CONFIG_FILE: join(folder, "none.toml") },
    /cannot read .*none/,
  ],
  ["a file that is no TOML", { WKG_CONFIG_FILE: broken }, /broken\.toml/],
])("is told: %s", async (_name, environment, message) => {
  await expect(readLoadOptions({}, environment)).rejects.toThrow(message);
});

test("fetched components lie beside images, the profile is passed on", async () => {
  const options = await readLoadOptions({ profile: "debug", cacheDir: "/cache" }, {});
  expect(options).toMatchObject({
    profile: "debug",
    sources: { cacheDirectory: "/cache/images" },
  });
});
