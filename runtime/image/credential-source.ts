import { configKey, DockerConfig } from "./docker-config.ts";
import type { Credentials } from "./docker-config.ts";

/** Knows who to be towards a registry. */
export interface CredentialSource {
  /** @returns undefined for nobody in particular. */
  find(server: string): Promise<Credentials | undefined>;
}

/** The docker configuration that is used, and the environment for its helpers. */
export interface DockerCredentialOptions {
  readonly configPath: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Credentials as docker has them: a helper if one is configured, else the file. */
export function dockerCredentials({
  configPath,
  environment,
}: DockerCredentialOptions): CredentialSource {
  return {
    async find(server) {
      const config = await DockerConfig.read(configPath);
      const name = config.helperFor(server);
      if (name === undefined) return config.credentialsFor(server);
      const { getFromHelper } = await import("./credential-helper.ts");
      const kept = await getFromHelper({ name, environment }, configKey(server));
      return kept ?? config.credentialsFor(server);
    },
  };
}

/** Nobody in particular, for every registry. */
export const anonymousCredentials: CredentialSource = { find: () => Promise.resolve(undefined) };

/** Always the same, whatever the registry: for one that was just asked for. */
export function fixedCredentials(credentials: Credentials): CredentialSource {
  return { find: () => Promise.resolve(credentials) };
}

/**
 * Keeps credentials as `docker login` does.
 * @returns whether they stand in the file, readable (base64) for who can read the file.
 */
export async function saveLogin(
  server: string,
  credentials: Credentials,
  { configPath, environment }: DockerCredentialOptions,
): Promise<{ readonly isPlain: boolean }> {
  const config = await DockerConfig.read(configPath);
  const name = config.helperFor(server);
  if (name !== undefined) {
    const { storeInHelper } = await import("./credential-helper.ts");
    await storeInHelper({ name, environment }, configKey(server), credentials);
  }
  config.set(server, name === undefined ? credentials : undefined);
  await config.save();
  return { isPlain: name === undefined };
}

/** @returns whether there was anything to forget in the file. */
export async function removeLogin(
  server: string,
  { configPath, environment }: DockerCredentialOptions,
): Promise<boolean> {
  const config = await DockerConfig.read(configPath);
  const name = config.helperFor(server);
  if (name !== undefined) {
    const { eraseFromHelper } = await import("./credential-helper.ts");
    await eraseFromHelper({ name, environment }, configKey(server));
  }
  const wasThere = config.remove(server);
  if (wasThere) await config.save();
  return wasThere || name !== undefined;
}
