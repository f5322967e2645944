import { WhorlError } from "../../runtime/error.ts";
import { fixedCredentials, removeLogin, saveLogin } from "../../runtime/image/credential-source.ts";
import { dockerConfigPath, serverHost } from "../../runtime/image/docker-config.ts";
import { openRegistryClient } from "./registry-session.ts";
import type { RegistryFlags } from "./registry-session.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface RegistryLoginOptions extends RegistryFlags {
  /** `registry.example.com`, also as a URL. */
  readonly server: string;
  readonly username: string;
  readonly password: string;
  readonly signal?: AbortSignal | undefined;
}

export interface RegistryLoginResult {
  readonly server: string;
  readonly configPath: string;
  /** Whether the password stands in the file, readable for who can read it. */
  readonly isPlain: boolean;
}

/**
 * Asks the registry whether name and password are right and keeps them as docker does.
 * @throws WhorlError `registry` if they are not, `usage` or `file` if they cannot be kept.
 */
export async function registryLogin(
  { server, username, password, signal, ...flags }: RegistryLoginOptions,
  environment: Environment,
): Promise<RegistryLoginResult> {
  const host = checkedHost(server);
  const configPath = requireConfigPath(environment);
  if (username === "" || username.includes(":")) {
    throw new WhorlError("usage", `"${username}" cannot be a user name; it needs text without ":"`);
  }
  if (password === "") throw new WhorlError("usage", "the password is empty");
  const credentials = { kind: "password", username, password } as const;
  await using client = await openRegistryClient(flags, fixedCredentials(credentials));
  await client.checkLogin(host, signal);
  const { isPlain } = await saveLogin(host, credentials, { configPath, environment });
  return { server: host, configPath, isPlain };
}

/**
 * Forgets a registry.
 * @returns whether there was anything to forget.
 */
export async function registryLogout(server: string, environment: Environment): Promise<boolean> {
  const configPath = requireConfigPath(environment);
  return removeLogin(checkedHost(server), { configPath, environment });
}

function checkedHost(server: string): string {
  const host = serverHost(server);
  if (/^[a-z0-9.[\]:-]+$/.test(host)) return host;
  throw new WhorlError(
    "usage",
    `"${server}" is no registry; write its host, like "registry.example.com"`,
  );
}

function requireConfigPath(environment: Environment): string {
  const path = dockerConfigPath(environment);
  if (path !== undefined) return path;
  throw new WhorlError("usage", "no place for credentials: set HOME or DOCKER_CONFIG");
}
