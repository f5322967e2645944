import type { VariableProviderConfig } from "../spin/variables/open-provider.ts";
import { absolutePath, type ConfigDirectories, isUrl } from "./runtime-config-stores.ts";
import type { ConfigTable } from "./runtime-config-table.ts";

const defaultPrefix = "SPIN_VARIABLE";

/**
 * Reads `[[variables_provider]]`, or `[[config_provider]]` as it was called once. The environment
 * with a `.env` file beside it is always asked last.
 */
export function readVariableProviders(
  root: ConfigTable,
  directories: ConfigDirectories,
): readonly VariableProviderConfig[] {
  const key = "variables_provider";
  const other = "config_provider";
  if (root.has(key) && root.has(other)) {
    root.fail(`both "${key}" and "${other}" are there; write all of them as "${key}"`, other);
  }
  const tables = root.has(key) ? root.tables(key) : root.tables(other);
  const providers = tables.flatMap((table) => {
    const provider = readProvider(table, directories);
    table.finish();
    return provider === undefined ? [] : [provider];
  });
  const dotenvPath = absolutePath(".env", directories.working);
  return [...providers, { type: "env", prefix: defaultPrefix, dotenvPath }];
}

const providerTypes = ["static", "env", "vault", "azure_key_vault"] as const;

function readProvider(
  table: ConfigTable,
  directories: ConfigDirectories,
): VariableProviderConfig | undefined {
  const type = table.choice("type", providerTypes);
  switch (type) {
    case "static": {
      if (!table.has("values")) table.fail(`missing key "values" in ${table.name}`);
      const values = table.textMap("values");
      return values && { type, values };
    }
    case "env": {
      const prefix = table.optionalText("prefix") ?? defaultPrefix;
      const path = table.optionalText("dotenv_path");
      return { type, prefix, dotenvPath: path && absolutePath(path, directories.working) };
    }
    case "vault":
      return readVault(table);
    case "azure_key_vault":
      return readAzure(table);
    case undefined:
      for (const [key] of table.entries()) table.has(key);
      return undefined;
  }
}

function readVault(table: ConfigTable): VariableProviderConfig | undefined {
  const url = table.text("url");
  const token = table.text("token");
  const mount = table.text("mount");
  const prefix = table.optionalText("prefix");
  if (url === undefined || token === undefined || mount === undefined) return undefined;
  if (!isUrl(table, url, ["http:", "https:"])) return undefined;
  return { type: "vault", url, token, mount, prefix };
}

const authorityHosts = [
  "AzurePublicCloud",
  "AzureChina",
  "AzureGermany",
  "AzureGovernment",
] as const;

function readAzure(table: ConfigTable): VariableProviderConfig | undefined {
  const vaultUrl = table.text("vault_url");
  const clientId = table.optionalText("client_id");
  const clientSecret = table.optionalText("client_secret");
  const tenantId = table.optionalText("tenant_id");
  const authorityHost = table.choice("authority_host", authorityHosts, "AzurePublicCloud");
  const given = [clientId, clientSecret, tenantId].filter((each) => each !== undefined);
  if (given.length > 0 && given.length < 3) {
    table.fail(
      `${table.name} has some but not all of client_id, client_secret and tenant_id; write all ` +
        "of them, or none for the credentials of the environment",
    );
  }
  if (vaultUrl === undefined || authorityHost === undefined) return undefined;
  if (!URL.canParse(vaultUrl)) {
    table.fail(`vault_url in ${table.name} has to be a URL`, "vault_url");
    return undefined;
  }
  const credentials =
    clientId === undefined || clientSecret === undefined || tenantId === undefined
      ? undefined
      : { clientId, clientSecret, tenantId, authorityHost };
  return { type: "azure_key_vault", vaultUrl, credentials };
}
