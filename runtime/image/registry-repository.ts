import { WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import { isDigest, matchesDigest, sha256Digest } from "./digest.ts";
import type { Digest } from "./digest.ts";
import { discard } from "./http-exchange.ts";
import { parseJsonObject } from "./manifest.ts";
import type { Descriptor } from "./manifest.ts";
import { acceptedManifests } from "./media-types.ts";
import type { RegistryAnswer, RegistryConnection, RegistryRequest } from "./registry-connection.ts";
import { retry } from "./retry.ts";
import type { RetryPace } from "./retry.ts";

/** A manifest as the registry has it; the digest is that of these bytes. */
export interface FetchedManifest {
  readonly bytes: Buffer;
  readonly digest: Digest;
  readonly mediaType: string | undefined;
}

export interface RepositoryOptions {
  readonly connection: RegistryConnection;
  readonly name: string;
  /** What tokens are asked for. */
  readonly access: "pull" | "pull,push";
  readonly pace: RetryPace;
}

/** One repository of a registry: manifests, tags, and whether blobs are there. */
export class RegistryRepository {
  readonly connection: RegistryConnection;
  readonly name: string;
  readonly pace: RetryPace;
  readonly scopes: readonly string[];

  constructor({ connection, name, access, pace }: RepositoryOptions) {
    this.connection = connection;
    this.name = name;
    this.pace = pace;
    this.scopes = [`repository:${name}:${access}`];
  }

  /** Path of the API below this repository. */
  path(rest: string): string {
    return `/v2/${this.name}/${rest}`;
  }

  /** Sends a request until it succeeds or there is no hope. */
  request(request: Omit<RegistryRequest, "scopes">): Promise<RegistryAnswer> {
    const { connection, scopes, pace } = this;
    return retry(() => connection.send({ scopes, ...request }), pace, request.signal);
  }

  /**
   * @param key tag or digest.
   * @returns the digest as the registry gives it; undefined if there is no such manifest.
   */
  async headManifest(key: string, signal?: AbortSignal): Promise<Digest | undefined> {
    const answer = await this.request({
      method: "HEAD",
      target: this.path(`manifests/${key}`),
      headers: { accept: acceptedManifests.join(", ") },
      accepts: [200, 404],
      signal,
    });
    await discard(answer);
    const digest = answer.headers["docker-content-digest"];
    return answer.status === 200 && digest !== undefined && isDigest(digest) ? digest : undefined;
  }

  /**
   * @param key tag or digest.
   * @throws WhorlError `registry` if there is none, `image` if it is not what its digest says.
   */
  async fetchManifest(key: string, signal?: AbortSignal): Promise<FetchedManifest> {
    let bytes: Buffer = Buffer.alloc(0);
    const answer = await retry(
      async () => {
        const received = await this.connection.send({
          method: "GET",
          target: this.path(`manifests/${key}`),
          scopes: this.scopes,
          headers: { accept: acceptedManifests.join(", ") },
          accepts: [200],
          signal,
        });
        bytes = await this.#readBounded(received, key, signal);
        return received;
      },
      this.pace,
      signal,
    );
    const mediaType = answer.headers["content-type"]?.split(";", 1)[0]?.trim();
    const digest = this.#checkedDigest(bytes, key, answer.headers["docker-content-digest"]);
    return { bytes, digest, mediaType };
  }

  #checkedDigest(bytes: Buffer, key: string, promised: string | undefined): Digest {
    for (const digest of [key, promised]) {
      if (digest === undefined || !isDigest(digest) || matchesDigest(bytes, digest)) continue;
      throw new WhorlError(
        "image",
        `registry ${this.connection.registry} gives a manifest that is not ${digest}; do not trust it`,
      );
    }
    return isDigest(key) ? key : sha256Digest(bytes);
  }

  async #readBounded(
    { body }: RegistryAnswer,
    key: string,
    signal: AbortSignal | undefined,
  ): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of body) {
        chunks.push(chunk as Buffer);
        size += (chunk as Buffer).length;
        if (size > limits.imageManifestBytesMax) throw this.#tooLarge(key);
      }
    } catch (error) {
      throw this.connection.explain(error, signal);
    }
    return Buffer.concat(chunks);
  }

  #tooLarge(key: string): WhorlError {
    return new WhorlError(
      "limit",
      `the manifest ${this.name}:${key} is larger than ${limits.imageManifestBytesMax} bytes`,
    );
  }

  /** Puts a manifest under a tag or its digest; its blobs have to be there. */
  async putManifest(
    key: string,
    { bytes, mediaType }: { readonly bytes: Uint8Array; readonly mediaType: string },
    signal?: AbortSignal,
  ): Promise<void> {
    const answer = await this.request({
      method: "PUT",
      target: this.path(`manifests/${key}`),
      headers: { "content-type": mediaType },
      body: () => bytes,
      accepts: [200, 201, 202],
      signal,
    });
    await discard(answer);
    const digest = answer.headers["docker-content-digest"];
    if (digest === undefined || !isDigest(digest) || matchesDigest(bytes, digest)) return;
    throw new WhorlError(
      "registry",
      `registry ${this.connection.registry} has stored another manifest (${digest}) than was sent`,
    );
  }

  /** Whether the registry has a blob, by its own word. */
  async hasBlob({ digest }: Pick<Descriptor, "digest">, signal?: AbortSignal): Promise<boolean> {
    const answer = await this.request({
      method: "HEAD",
      target: this.path(`blobs/${digest}`),
      accepts: [200, 404],
      signal,
    });
    await discard(answer);
    return answer.status === 200;
  }

  /** All tags, in the registry's order. */
  async tags(signal?: AbortSignal): Promise<string[]> {
    const tags: string[] = [];
    let target: string | URL | undefined = this.path("tags/list");
    for (let page = 0; target !== undefined; page++) {
      const answer: RegistryAnswer = await this.request({
        method: "GET",
        target,
        accepts: [200],
        signal,
      });
      const bytes = await this.#readBounded(answer, "tags", signal);
      const { tags: listed } = parseJsonObject(bytes, `tags of ${this.name}`);
      if (Array.isArray(listed)) tags.push(...listed.filter((tag) => typeof tag === "string"));
      if (tags.length > limits.registryTagsMax || page === limits.registryTagPagesMax) {
        throw new WhorlError("limit", `${this.name} has more than ${limits.registryTagsMax} tags`);
      }
      target = nextPage(answer);
    }
    return tags;
  }
}

/** `Link: <...>; rel="next"`, on the same host only. */
function nextPage({ headers, url }: RegistryAnswer): URL | undefined {
  const link = /<([^>]+)>\s*;\s*rel="?next"?/.exec(headers["link"] ?? "")?.[1];
  const next = link === undefined ? null : URL.parse(link, url);
  return next !== null && next.origin === url.origin ? next : undefined;
}
