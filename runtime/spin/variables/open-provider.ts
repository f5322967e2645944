import { type AzureKeyVaultOptions, AzureKeyVaultProvider } from "./azure-key-vault-provider.ts";
import { EnvironmentProvider } from "./environment-provider.ts";
import { StaticProvider } from "./static-provider.ts";
import type { VariableProvider } from "./variable-provider.ts";
import { VaultProvider, type VaultProviderOptions } from "./vault-provider.ts";

/** `[[variables_provider]]` of a runtime config. */
export type VariableProviderConfig =
  | { readonly type: "static"; readonly values: ReadonlyMap<string, string> }
  | { readonly type: "env"; readonly prefix: string; readonly dotenvPath: string | undefined }
  | ({ readonly type: "vault" } & VaultProviderOptions)
  | ({ readonly type: "azure_key_vault" } & AzureKeyVaultOptions);

/** A provider of its kind; `environment` is that of the process. */
export function openVariableProvider(
  config: VariableProviderConfig,
  environment: Readonly<Record<string, string | undefined>>,
): VariableProvider {
  switch (config.type) {
    case "static":
      return new StaticProvider(config.values);
    case "env":
      return new EnvironmentProvider({ ...config, environment });
    case "vault":
      return new VaultProvider(config);
    case "azure_key_vault":
      return new AzureKeyVaultProvider(config);
  }
}
