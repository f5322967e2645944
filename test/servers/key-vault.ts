import { HttpService, type ServiceAnswer, type ServiceRequest } from "./http-service.ts";

export interface KeyVaultServer extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  /** Values of secrets by name. */
  readonly secrets: Map<string, string>;
}

/**
 * Speaks the part of Azure Key Vault's REST API that reads a secret (`GET /secrets/<name>`), with
 * its challenge for a token: the service runs nowhere but in Azure.
 */
export async function startKeyVault(): Promise<KeyVaultServer> {
  const service = await HttpService.start((request) => answer(vault, request));
  const vault: KeyVaultServer = {
    url: service.url,
    token: "test-token",
    secrets: new Map(),
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
  return vault;
}

function answer(vault: KeyVaultServer, request: ServiceRequest): ServiceAnswer {
  if (request.header("authorization") !== `Bearer ${vault.token}`) {
    const challenge =
      'Bearer authorization="https://login.example/tenant", resource="https://vault.example"';
    return {
      status: 401,
      headers: { "www-authenticate": challenge },
      body: { error: { code: "Unauthorized", message: "no valid token" } },
    };
  }
  const name = /^\/secrets\/([^/]+)\/?$/.exec(request.path)?.[1] ?? "";
  const value = vault.secrets.get(name);
  if (value === undefined) {
    const message = `A secret with (name/id) ${name} was not found in this key vault.`;
    return { status: 404, body: { error: { code: "SecretNotFound", message } } };
  }
  const attributes = { enabled: true, created: 1, updated: 1 };
  return { status: 200, body: { value, id: `${vault.url}/secrets/${name}/1`, attributes } };
}
