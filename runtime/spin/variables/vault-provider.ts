import { limits } from "../../limits.ts";
import type { VariableProvider } from "./variable-provider.ts";

export interface VaultProviderOptions {
  /** `https://vault.example:8200`. */
  readonly url: string;
  readonly token: string;
  /** Mount of the KV version 2 engine. */
  readonly mount: string;
  /** Path in the engine under which each variable is a secret. */
  readonly prefix: string | undefined;
}

/**
 * Values from HashiCorp Vault, KV engine version 2: the field `value` of the secret
 * `<mount>/<prefix>/<name>`. A secret that is not there leaves the variable to the next provider.
 */
export class VaultProvider implements VariableProvider {
  readonly #options: VaultProviderOptions;

  constructor(options: VaultProviderOptions) {
    this.#options = options;
  }

  async get(name: string): Promise<string | undefined> {
    try {
      return await this.#read(name);
    } catch (error) {
      throw new Error("Failed to check Vault for config", { cause: error });
    }
  }

  mayHave(): boolean {
    return true;
  }

  async #read(name: string): Promise<string | undefined> {
    const { url, token, mount, prefix } = this.#options;
    const path = prefix === undefined ? name : `${prefix}/${name}`;
    const address = `${url.replace(/\/+$/, "")}/v1/${encodePath(mount)}/data/${encodePath(path)}`;
    const response = await fetch(address, {
      headers: { "x-vault-token": token, "x-vault-request": "true" },
      redirect: "error",
      signal: AbortSignal.timeout(limits.storeRequestMsMax),
    });
    if (response.status === 404) {
      await response.body?.cancel();
      return undefined;
    }
    if (!response.ok) throw new Error(await refusal(response));
    return secretValue(await response.json());
  }
}

function encodePath(path: string): string {
  return path
    .split("/")
    .filter((part) => part !== "")
    .map(encodeURIComponent)
    .join("/");
}

/** Vault's reasons, which name no secret. */
async function refusal(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => undefined);
  const errors = member(body, "errors");
  const reasons = Array.isArray(errors) ? errors.map(String).join("; ") : "";
  return reasons === "" ? `status ${response.status}` : `status ${response.status}: ${reasons}`;
}

function secretValue(body: unknown): string {
  const value = member(member(member(body, "data"), "data"), "value");
  if (typeof value !== "string") throw new Error('the secret has no text field "value"');
  return value;
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}
