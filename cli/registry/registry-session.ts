import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { errorText, WhorlError } from "../../runtime/error.ts";
import { ContentStore } from "../../runtime/image/content-store.ts";
import { anonymousCredentials, dockerCredentials } from "../../runtime/image/credential-source.ts";
import { cacheFolder } from "../cache-folder.ts";
import type { CredentialSource } from "../../runtime/image/credential-source.ts";
import { dockerConfigPath } from "../../runtime/image/docker-config.ts";
import { RegistryClient } from "../../runtime/image/registry-client.ts";

/** What all commands that talk to a registry take. */
export interface RegistryFlags {
  /** Any certificate, and plain HTTP where there is no TLS. */
  readonly insecure?: boolean;
  /** Authorities to trust beside the known ones, PEM. */
  readonly caFile?: string;
  /** Folder for images. */
  readonly cacheDir?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Connections to registries, and the images on this machine. Disposing closes connections. */
export interface RegistrySession extends AsyncDisposable {
  readonly client: RegistryClient;
  readonly store: ContentStore;
}

/**
 * Opens what registry commands need; nothing is sent.
 * @throws WhorlError `file` if the folder for images or the authorities cannot be had.
 */
export async function openRegistrySession(
  flags: RegistryFlags,
  environment: Environment,
): Promise<RegistrySession> {
  const store = await ContentStore.open(imageFolder(environment, flags.cacheDir));
  const client = await openRegistryClient(flags, userCredentials(environment));
  return { store, client, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
}

/** @throws WhorlError `file` if the authorities cannot be read. */
export async function openRegistryClient(
  { insecure, caFile }: RegistryFlags,
  credentials: CredentialSource,
): Promise<RegistryClient> {
  const caCertificates = caFile === undefined ? undefined : await readAuthorities(caFile);
  return RegistryClient.create({ insecure, caCertificates, credentials });
}

/** @throws WhorlError `file` if there are none. */
export async function readAuthorities(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new WhorlError("file", `cannot read ${path}: ${errorText(error)}`, { cause: error });
  });
  const blocks = text
    .split(/(?=-----BEGIN CERTIFICATE-----)/)
    .filter((each) => each.startsWith("-"));
  try {
    for (const block of blocks) new X509Certificate(block);
  } catch (error) {
    const message = `${path} has a broken certificate: ${errorText(error)}; name another --ca-file`;
    throw new WhorlError("file", message, { cause: error });
  }
  if (blocks.length > 0) return text;
  throw new WhorlError("file", `${path} has no certificate in PEM form; name another --ca-file`);
}

/** Who docker is logged in as. */
export function userCredentials(environment: Environment): CredentialSource {
  const configPath = dockerConfigPath(environment);
  if (configPath === undefined) return anonymousCredentials;
  return dockerCredentials({ configPath, environment });
}

/** Folder for images: in the cache that was named, else in the user's. */
export function imageFolder(environment: Environment, cacheDir?: string): string {
  return join(cacheDir ?? cacheFolder(environment), "images");
}
