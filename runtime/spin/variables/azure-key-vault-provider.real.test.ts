import { afterAll, beforeAll, expect, test } from "vitest";
import { type KeyVaultServer, startKeyVault } from "../../../test/servers/key-vault.ts";
import { AzureKeyVaultProvider } from "./azure-key-vault-provider.ts";

let vault: KeyVaultServer;

beforeAll(async () => {
  vault = await startKeyVault();
  vault.secrets.set("password", "pässword");
});

afterAll(async () => {
  await vault[Symbol.asyncDispose]();
});

function provider(token: string, vaultUrl = vault.url): AzureKeyVaultProvider {
  return new AzureKeyVaultProvider(
    { vaultUrl, credentials: undefined },
    {
      credential: {
        getToken: () => Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 }),
      },
      client: {
        allowInsecureConnection: true,
        disableChallengeResourceVerification: true,
        retryOptions: { maxRetries: 0 },
      },
    },
  );
}

test("reads secrets, asking for a token as the vault wants", async () => {
  const one = provider(vault.token);
  expect(one.mayHave()).toBe(true);
  expect(await one.get("password")).toBe("pässword");
  vault.secrets.set("password", "changed");
  expect(await one.get("password")).toBe("changed");
});

test.each([
  ["a secret that is not there", "right", "nothing", /was not found in this key vault/],
  ["a wrong token", "wrong", "password", /no valid token/],
])("%s is an error, as in Spin", async (_, token, name, reason) => {
  const one = provider(token === "right" ? vault.token : token);
  await expect(one.get(name)).rejects.toMatchObject({
    message: "Failed to read variable from Azure Key Vault",
    cause: { message: expect.stringMatching(reason) },
  });
});

test("a vault that cannot be reached is an error", async () => {
  await expect(provider("x", "http://127.0.0.1:1").get("password")).rejects.toThrow(
    /^Failed to read variable from Azure Key Vault$/,
  );
});
