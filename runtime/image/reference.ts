import { WhorlError } from "../error.ts";
import { isDigest } from "./digest.ts";
import type { Digest } from "./digest.ts";

/** Name of an image in a registry: `registry/repository:tag@digest`. */
export interface Reference {
  /** Host and port as a person writes them: `docker.io`, `registry.example:5000`. */
  readonly registry: string;
  readonly repository: string;
  /** Undefined only with a digest. */
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
}

const defaultRegistry = "docker.io";
const component = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const repositoryPattern = new RegExp(`^${component}(?:/${component})*$`);
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const hostPattern = /^(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?$/;
const repositoryCharsMax = 255;

/**
 * Parses a reference as docker does: no registry means docker.io (and there `library/` for a name
 * of one part), no tag and no digest means `latest`.
 * @throws WhorlError `usage` naming what is wrong with the text.
 */
export function parseReference(text: string): Reference {
  const [name, digest] = splitDigestPart(text);
  const slash = name.indexOf("/");
  const head = slash === -1 ? "" : name.slice(0, slash);
  const hasRegistry = /[.:]/.test(head) || head === "localhost" || head.startsWith("[");
  const rest = hasRegistry ? name.slice(slash + 1) : name;
  const colon = rest.indexOf(":");
  const path = colon === -1 ? rest : rest.slice(0, colon);
  const tag = colon === -1 ? undefined : rest.slice(colon + 1);
  const registry = hasRegistry ? canonicalRegistry(head) : defaultRegistry;
  if (!hostPattern.test(registry)) throw wrong(text, `"${registry}" is no host of a registry`);
  const isOfficial = registry === defaultRegistry && !path.includes("/");
  const repository = isOfficial ? `library/${path}` : path;
  if (!isRepository(repository)) {
    throw wrong(
      text,
      `"${path}" is no repository; use lower-case letters, digits, "-", "." and "/"`,
    );
  }
  if (tag !== undefined && !tagPattern.test(tag)) throw wrong(text, `"${tag}" is no tag`);
  return {
    registry,
    repository,
    tag: tag ?? (digest === undefined ? "latest" : undefined),
    digest,
  };
}

/** Whether a text can name a repository, without its registry. */
export function isRepository(text: string): boolean {
  return text.length <= repositoryCharsMax && repositoryPattern.test(text);
}

function splitDigestPart(text: string): [name: string, digest: Digest | undefined] {
  const at = text.indexOf("@");
  if (at === -1) return [text, undefined];
  const digest = text.slice(at + 1);
  if (!isDigest(digest)) throw wrong(text, `"${digest}" is no digest like "sha256:0123..."`);
  return [text.slice(0, at), digest];
}

function canonicalRegistry(host: string): string {
  return host === "index.docker.io" || host === "registry-1.docker.io" ? defaultRegistry : host;
}

function wrong(text: string, what: string): WhorlError {
  return new WhorlError(
    "usage",
    `"${text.slice(0, 300)}" is not an image reference: ${what}; write registry/repository:tag`,
  );
}

/** The reference as it is written. */
export function formatReference({ registry, repository, tag, digest }: Reference): string {
  const tagPart = tag === undefined ? "" : `:${tag}`;
  return `${registry}/${repository}${tagPart}${digest === undefined ? "" : `@${digest}`}`;
}

/** Host that serves a registry's API: Docker Hub has another one than its name says. */
export function registryHost(registry: string): string {
  return registry === defaultRegistry ? "registry-1.docker.io" : registry;
}

/** What a manifest is asked for by: the digest if there is one. */
export function manifestKey({ tag, digest }: Reference): string {
  return digest ?? tag ?? "latest";
}
