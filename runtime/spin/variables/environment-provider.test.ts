import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EnvironmentProvider } from "./environment-provider.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "whorl-env-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

test("the name in upper case after the prefix; the environment before the file", async () => {
  const dotenvPath = join(folder, ".env");
  writeFileSync(dotenvPath, "# comment\nAPP_A=file\nAPP_DB_URL='from file'\n");
  const environment = { APP_A: "environment", A: "other", APP_EMPTY: "" };
  const provider = new EnvironmentProvider({ environment, prefix: "APP", dotenvPath });
  expect(provider.get("a")).toBe("environment");
  expect(provider.get("empty")).toBe("");
  expect(await provider.get("db_url")).toBe("from file");
  expect(await provider.get("nothing")).toBeUndefined();
  expect([await provider.mayHave("db_url"), await provider.mayHave("nothing")]).toEqual([
    true,
    false,
  ]);
  rmSync(dotenvPath);
  expect(provider.get("db_url")).toBe("from file");
});

test("a file that is not there is fine, one that cannot be read is not", async () => {
  const options = { environment: {}, prefix: "APP" };
  const missing = new EnvironmentProvider({ ...options, dotenvPath: join(folder, "none") });
  expect(await missing.get("a")).toBeUndefined();
  const unreadable = new EnvironmentProvider({ ...options, dotenvPath: folder });
  await expect(unreadable.get("a")).rejects.toThrow(`cannot read ${folder}: EISDIR`);
});
