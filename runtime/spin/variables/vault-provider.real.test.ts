import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startVault, type VaultServer } from "../../../test/servers/vault.ts";
import { VaultProvider } from "./vault-provider.ts";

let vault: VaultServer;

beforeAll(async () => {
  vault = await startVault();
});

afterAll(async () => {
  await vault[Symbol.asyncDispose]();
});

beforeEach(() => {
  vault.isSealed = false;
  vault.secrets.clear();
});

function provider(changed: { token?: string; url?: string; prefix?: string } = {}): VaultProvider {
  const { url, token } = vault;
  return new VaultProvider({ url, token, mount: "secret", prefix: undefined, ...changed });
}

test("reads the field value of a secret, below the prefix if there is one", async () => {
  vault.secrets.set("db_url", { value: "postgres://" });
  vault.secrets.set("team/app/db_url", { value: "deep" });
  expect(await provider().get("db_url")).toBe("postgres://");
  expect(await provider({ url: `${vault.url}/` }).get("db_url")).toBe("postgres://");
  expect(await provider({ prefix: "team/app" }).get("db_url")).toBe("deep");
});

test("a secret that is not there is left to the next provider", async () => {
  expect(await provider().get("nothing")).toBeUndefined();
  expect(provider().mayHave()).toBe(true);
});

test("a changed secret is seen", async () => {
  vault.secrets.set("a", { value: "1" });
  const one = provider();
  expect(await one.get("a")).toBe("1");
  vault.secrets.set("a", { value: "2" });
  expect(await one.get("a")).toBe("2");
});

test.each([
  ["a wrong token", { token: "wrong" }, "a", "status 403: permission denied"],
  ["no server", { url: "http://127.0.0.1:1" }, "a", "fetch failed"],
  ["a secret without the field", {}, "other", 'the secret has no text field "value"'],
  ["a value that is no text", {}, "number", 'the secret has no text field "value"'],
])("%s is an error", async (_, changed, name, reason) => {
  vault.secrets.set("other", { password: "x" });
  vault.secrets.set("number", { value: 1 });
  await expect(provider(changed).get(name)).rejects.toMatchObject({
    message: "Failed to check Vault for config",
    cause: { message: reason },
  });
});

test("a sealed Vault is an error, not a missing value", async () => {
  vault.isSealed = true;
  await expect(provider().get("a")).rejects.toMatchObject({
    message: "Failed to check Vault for config",
    cause: { message: "status 503: Vault is sealed" },
  });
});
