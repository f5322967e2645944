import { errorText, WhorlError } from "../error.ts";
import { ContentStore, isIntact } from "../image/content-store.ts";
import { isDigest } from "../image/digest.ts";
import type { Digest } from "../image/digest.ts";
import { createHttpExchange, discard, readStart } from "../image/http-exchange.ts";
import type { HttpAnswer, HttpExchange } from "../image/http-exchange.ts";
import { readImageContents } from "../image/image-contents.ts";
import { parseJsonObject } from "../image/manifest.ts";
import { pullImage } from "../image/pull-image.ts";
import { parseReference } from "../image/reference.ts";
import { RegistryClient } from "../image/registry-client.ts";
import type { RegistryClientOptions } from "../image/registry-client.ts";
import { limits } from "../limits.ts";
import {
  commonPackageRegistries,
  packagePlace,
  parsePackageName,
  registryMetadataPath,
  registryOfPackage,
} from "./package-registries.ts";
import type { PackageName, PackageRegistries, PackageRegistry } from "./package-registries.ts";
import {
  compareVersions,
  matchesRequirement,
  parseVersion,
  parseVersionRequirement,
} from "./semver.ts";

/** A component that is not a file of the app. */
export type RemoteSource =
  | { readonly kind: "url"; readonly url: string; readonly digest: string }
  | {
      readonly kind: "package";
      /** Undefined where the configuration says which. */
      readonly registry: string | undefined;
      /** `ns:name`. */
      readonly package: string;
      /** `1.2.3` means this version or a compatible one, `=1.2.3` this one alone. */
      readonly version: string;
    };

/** How components are fetched that are not files of the app. */
export interface SourceOptions {
  /** Folder in which they are kept by digest; may be that of images. */
  readonly cacheDirectory: string;
  /** What wkg is configured with; its defaults where not given. */
  readonly packages?: PackageRegistries | undefined;
  readonly registry?: RegistryClientOptions | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Fetches components from URLs and registries, each once. Disposing closes connections. */
export class ComponentSources implements AsyncDisposable {
  readonly #options: SourceOptions;
  readonly #stack = new AsyncDisposableStack();
  #opened: Promise<Opened> | undefined;

  constructor(options: SourceOptions) {
    this.#options = options;
  }

  /**
   * The file of a component, fetched unless it is there.
   * @throws WhorlError `manifest` if the source is described wrongly, `file`, `registry`, `image`
   * or `limit` if it cannot be had.
   */
  async fetch(source: RemoteSource): Promise<string> {
    return source.kind === "url" ? this.#fetchUrl(source) : this.#fetchPackage(source);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  async #fetchUrl({ url, digest }: RemoteSource & { kind: "url" }): Promise<string> {
    const wanted = checkDigest(digest);
    const from = checkUrl(url);
    const { store, exchange } = await this.#open();
    const path = store.pathOf(wanted);
    if (await isIntact(path, wanted)) return path;
    const answer = await this.#get(exchange, from);
    const kept = await store
      .ingest(answer.body, limits.componentBytesMax)
      .catch((error: unknown) => {
        throw broken(url, error);
      });
    if (kept.digest === wanted) return path;
    throw new WhorlError(
      "image",
      `${url} is ${kept.digest}, but the digest in the manifest is ${wanted}; do not trust it, or correct the digest`,
    );
  }

  /** Follows redirects, never from https to http. */
  async #get(exchange: HttpExchange, from: URL): Promise<HttpAnswer> {
    let url = from;
    for (let hops = 0; hops <= limits.registryRedirectsMax; hops++) {
      const answer = await this.#send(exchange, url);
      if (answer.status === 200) return answer;
      await discard(answer);
      const location = redirectTarget(answer, url);
      if (location === undefined) {
        throw new WhorlError("file", `${from.href} answers with status ${answer.status}`);
      }
      url = checkUrl(location.href, url);
    }
    throw new WhorlError(
      "file",
      `${from.href} redirects more than ${limits.registryRedirectsMax} times`,
    );
  }

  async #send(exchange: HttpExchange, url: URL): Promise<HttpAnswer> {
    const { signal } = this.#options;
    const headers = { accept: "application/wasm, */*" };
    try {
      return await exchange.send({ method: "GET", url, headers, body: undefined, signal });
    } catch (error) {
      throw broken(url.href, error);
    }
  }

  async #fetchPackage(source: RemoteSource & { kind: "package" }): Promise<string> {
    const { packages = commonPackageRegistries, signal } = this.#options;
    const name = parsePackageName(source.package);
    if (name === undefined) {
      throw new WhorlError(
        "manifest",
        `"${source.package}" is not a package; write "namespace:name"`,
      );
    }
    const { client, store, exchange } = await this.#open();
    const known =
      source.registry === undefined
        ? registryOfPackage(name, packages)
        : { registry: source.registry };
    const place = packagePlace(await this.#described(known, exchange));
    const repository = `${place.prefix}${name.namespace}/${name.name}`;
    const tags = (): Promise<string[]> =>
      client.repository({ registry: place.registry, repository }).tags(signal);
    const tag = await packageTag(source, name, tags);
    const image = await pullImage(parseReference(`${place.registry}/${repository}:${tag}`), {
      client,
      store,
      machine: "wasm",
      signal,
    });
    const contents = await readImageContents(image);
    if (contents.kind === "component") return store.pathOf(contents.component.digest);
    throw new WhorlError("image", `${image.name} is no package of one component`);
  }

  /** With what the registry says of itself; one that says nothing has its packages itself. */
  async #described(known: PackageRegistry, exchange: HttpExchange): Promise<PackageRegistry> {
    if (known.metadata !== undefined) return known;
    const isPlain = this.#options.registry?.insecure === true && isLoopback(known.registry);
    const url = URL.parse(
      `${isPlain ? "http" : "https"}://${known.registry}${registryMetadataPath}`,
    );
    if (url === null) {
      throw new WhorlError("manifest", `"${known.registry}" is no host of a registry`);
    }
    try {
      const answer = await this.#send(exchange, url);
      const bytes = await readStart(answer.body, limits.registryAnswerBytesMax);
      if (answer.status !== 200) return known;
      return { ...known, metadata: parseJsonObject(bytes, url.href) };
    } catch {
      this.#options.signal?.throwIfAborted();
      return known;
    }
  }

  #open(): Promise<Opened> {
    this.#opened ??= this.#openAll();
    return this.#opened;
  }

  async #openAll(): Promise<Opened> {
    const { cacheDirectory, registry = {} } = this.#options;
    const store = await ContentStore.open(cacheDirectory);
    const exchange = this.#stack.use(
      await createHttpExchange({
        caCertificates: registry.caCertificates,
        acceptAnyCertificate: registry.insecure,
        idleMsMax: registry.idleMsMax,
      }),
    );
    const client = this.#stack.use(await RegistryClient.create(registry));
    return { store, exchange, client };
  }
}

interface Opened {
  readonly store: ContentStore;
  readonly exchange: HttpExchange;
  readonly client: RegistryClient;
}

function checkDigest(digest: string): Digest {
  if (isDigest(digest) && digest.startsWith("sha256:")) return digest;
  throw new WhorlError(
    "manifest",
    `"${digest}" is not a digest; write "sha256:" and 64 hexadecimal digits in lower case`,
  );
}

/** Others could change what comes over plain HTTP, and see what is asked for. */
function checkUrl(text: string, before?: URL): URL {
  const url = URL.parse(text);
  if (url === null) throw new WhorlError("manifest", `"${text}" is not a URL`);
  if (url.protocol === "https:") return url;
  if (before?.protocol === "https:") {
    throw new WhorlError("file", `${before.href} redirects to ${text}, which is not https`);
  }
  if (url.protocol === "http:" && isLoopback(url.host)) return url;
  throw new WhorlError(
    "manifest",
    `components are not fetched from ${text}; use an https URL (http only for this machine)`,
  );
}

function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(host);
}

function redirectTarget({ status, headers }: HttpAnswer, from: URL): URL | undefined {
  const isRedirect = [301, 302, 303, 307, 308].includes(status);
  const location = isRedirect ? headers["location"] : undefined;
  return location === undefined ? undefined : (URL.parse(location, from) ?? undefined);
}

function broken(url: string, error: unknown): WhorlError {
  if (error instanceof WhorlError) return error;
  return new WhorlError("file", `cannot fetch ${url}: ${errorText(error)}`, { cause: error });
}

/** The newest version that fits. Tags have `_` where versions have `+`. */
async function packageTag(
  { version }: RemoteSource & { kind: "package" },
  name: PackageName,
  listTags: () => Promise<string[]>,
): Promise<string> {
  const exact = /^=\s*(.+)$/.exec(version)?.[1];
  if (exact !== undefined && parseVersion(exact) !== undefined) return exact.replaceAll("+", "_");
  const requirement = parseVersionRequirement(version);
  if (requirement === undefined) {
    throw new WhorlError(
      "manifest",
      `"${version}" is no version or requirement of versions, like "1.2.3" or ">=1.2, <2"`,
    );
  }
  const found = (await listTags()).flatMap((tag) => {
    const parsed = parseVersion(tag.replaceAll("_", "+"));
    return parsed === undefined ? [] : [{ tag, parsed }];
  });
  const [best] = found
    .filter(({ parsed }) => matchesRequirement(parsed, requirement))
    .toSorted((a, b) => compareVersions(b.parsed, a.parsed));
  if (best !== undefined) return best.tag;
  const known = found.map(({ tag }) => tag).slice(-10);
  const text = known.length === 0 ? "it has no versions" : `there are ${known.join(", ")}`;
  throw new WhorlError(
    "registry",
    `no version of "${name.namespace}:${name.name}" fits "${version}"; ${text}`,
  );
}
