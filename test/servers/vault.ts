import { HttpService, type ServiceAnswer, type ServiceRequest } from "./http-service.ts";

export interface VaultServer extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  /** Secrets of the mount `secret` by path: their fields. */
  readonly secrets: Map<string, Readonly<Record<string, unknown>>>;
  /** A sealed Vault answers every request with 503. */
  isSealed: boolean;
}

/**
 * Speaks the part of HashiCorp Vault's HTTP API that reads secrets of a KV engine, version 2
 * (`GET /v1/<mount>/data/<path>`): no registry that the tests may use has Vault itself.
 */
export async function startVault(): Promise<VaultServer> {
  const service = await HttpService.start((request) => answer(vault, request));
  const vault: VaultServer = {
    url: service.url,
    token: "s.test-token",
    secrets: new Map(),
    isSealed: false,
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
  return vault;
}

function answer(vault: VaultServer, request: ServiceRequest): ServiceAnswer {
  if (vault.isSealed) return { status: 503, body: { errors: ["Vault is sealed"] } };
  if (request.header("x-vault-token") !== vault.token) {
    return { status: 403, body: { errors: ["permission denied"] } };
  }
  const path = /^\/v1\/secret\/data\/(.+)$/.exec(request.path)?.[1];
  const data = path === undefined ? undefined : vault.secrets.get(path);
  if (request.method !== "GET" || data === undefined) return { status: 404, body: { errors: [] } };
  const metadata = { created_time: "2024-01-01T00:00:00Z", destroyed: false, version: 1 };
  return { status: 200, body: { request_id: "1", lease_duration: 0, data: { data, metadata } } };
}
