import type { TokenCredential } from "@azure/identity";
import type { SecretClient, SecretClientOptions } from "@azure/keyvault-secrets";
import { limits } from "../../limits.ts";
import type { VariableProvider } from "./variable-provider.ts";

export interface AzureKeyVaultOptions {
  /** `https://name.vault.azure.net`. */
  readonly vaultUrl: string;
  /** Undefined for what the surroundings offer: environment, workload or managed identity. */
  readonly credentials: AzureCredentials | undefined;
}

export interface AzureCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly tenantId: string;
  readonly authorityHost: AzureAuthorityHost;
}

export type AzureAuthorityHost =
  | "AzurePublicCloud"
  | "AzureChina"
  | "AzureGermany"
  | "AzureGovernment";

const authorityUrls: Readonly<Record<AzureAuthorityHost, string>> = {
  AzurePublicCloud: "https://login.microsoftonline.com",
  AzureChina: "https://login.chinacloudapi.cn",
  AzureGermany: "https://login.microsoftonline.de",
  AzureGovernment: "https://login.microsoftonline.us",
};

/** Replaces how the client finds its credential and the vault. */
export interface AzureSurroundings {
  readonly credential: TokenCredential;
  readonly client: SecretClientOptions;
}

/** Values from Azure Key Vault, by its official client, which is loaded with the first use. */
export class AzureKeyVaultProvider implements VariableProvider {
  readonly #options: AzureKeyVaultOptions;
  readonly #surroundings: AzureSurroundings | undefined;
  #client: Promise<SecretClient> | undefined;

  constructor(options: AzureKeyVaultOptions, surroundings?: AzureSurroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
  }

  async get(name: string): Promise<string | undefined> {
    try {
      this.#client ??= this.#connect();
      const abortSignal = AbortSignal.timeout(limits.storeRequestMsMax);
      const { value } = await (await this.#client).getSecret(name, { abortSignal });
      return value ?? "";
    } catch (error) {
      throw new Error("Failed to read variable from Azure Key Vault", { cause: error });
    }
  }

  mayHave(): boolean {
    return true;
  }

  async #connect(): Promise<SecretClient> {
    const { SecretClient: Client } = await import("@azure/keyvault-secrets");
    const { vaultUrl, credentials } = this.#options;
    const credential = this.#surroundings?.credential ?? (await azureCredential(credentials));
    return new Client(vaultUrl, credential, this.#surroundings?.client);
  }
}

async function azureCredential(
  credentials: AzureCredentials | undefined,
): Promise<TokenCredential> {
  const { ClientSecretCredential, DefaultAzureCredential } = await import("@azure/identity");
  if (credentials === undefined) return new DefaultAzureCredential();
  const { tenantId, clientId, clientSecret, authorityHost } = credentials;
  return new ClientSecretCredential(tenantId, clientId, clientSecret, {
    authorityHost: authorityUrls[authorityHost],
  });
}
