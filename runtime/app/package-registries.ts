import { WhorlError } from "../error.ts";
import { parseTomlDocument, PlainToml, TomlSyntaxError } from "./toml-document.ts";

/** A registry of packages, and what is known of it without asking. */
export interface PackageRegistry {
  readonly registry: string;
  /** What the registry would say of itself at {@link registryMetadataPath}. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** Which registry has which package, as the configuration of wkg says it. */
export interface PackageRegistries {
  readonly defaultRegistry?: PackageRegistry | undefined;
  /** By namespace: of `ns:name` this is `ns`. */
  readonly namespaces: ReadonlyMap<string, PackageRegistry>;
  /** By package: `ns:name`. */
  readonly packages: ReadonlyMap<string, PackageRegistry>;
}

/** As wkg has it before it is configured. */
export const commonPackageRegistries: PackageRegistries = {
  namespaces: new Map([
    ["wasi", { registry: "wasi.dev" }],
    ["ba", { registry: "bytecodealliance.org" }],
  ]),
  packages: new Map(),
};

/** `ns:name`. */
export interface PackageName {
  readonly namespace: string;
  readonly name: string;
}

const word = "[a-z][a-z0-9]*(?:-[a-z0-9]+)*";
const packagePattern = new RegExp(`^(${word}):(${word})$`);

/** Undefined if the text is none. */
export function parsePackageName(text: string): PackageName | undefined {
  const [, namespace, name] = packagePattern.exec(text) ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

/**
 * The registry that has a package: named for the package itself, for its namespace, or for all.
 * @throws WhorlError `manifest` if there is none.
 */
export function registryOfPackage(
  { namespace, name }: PackageName,
  registries: PackageRegistries,
): PackageRegistry {
  const found =
    registries.packages.get(`${namespace}:${name}`) ??
    registries.namespaces.get(namespace) ??
    registries.defaultRegistry ??
    commonPackageRegistries.namespaces.get(namespace);
  if (found !== undefined) return found;
  throw new WhorlError(
    "manifest",
    `no registry is known for the package "${namespace}:${name}"; add registry = "..." to it, ` +
      "or name a default_registry in the configuration of wkg",
  );
}

/**
 * Reads the configuration of wkg (`wasm-pkg/config.toml`); what is not about which registry has
 * which package is passed over.
 * @throws WhorlError `manifest` if it is no TOML or names no registry where one has to be.
 */
export function parsePackageRegistries(text: string, where: string): PackageRegistries {
  const root = parseRoot(text, where);
  const fallback = root["default_registry"];
  return {
    ...(fallback !== undefined && { defaultRegistry: mapping(fallback, where) }),
    namespaces: mappings(root["namespace_registries"], where),
    packages: mappings(root["package_registry_overrides"], where),
  };
}

type Values = Readonly<Record<string, unknown>>;

function parseRoot(text: string, where: string): Values {
  try {
    return new PlainToml(parseTomlDocument(text)).value as Values;
  } catch (error) {
    if (!(error instanceof TomlSyntaxError)) throw error;
    const { line, column } = error.position;
    throw new WhorlError("manifest", `${where}:${line}:${column}: ${error.message}`, {
      cause: error,
    });
  }
}

function mappings(value: unknown, where: string): ReadonlyMap<string, PackageRegistry> {
  const entries = isObject(value) ? Object.entries(value) : [];
  return new Map(entries.map(([key, each]) => [key, mapping(each, where)]));
}

function mapping(value: unknown, where: string): PackageRegistry {
  if (typeof value === "string") return { registry: value };
  if (isObject(value) && typeof value["registry"] === "string") {
    const { registry, metadata } = value;
    return { registry: String(registry), ...(isObject(metadata) && { metadata }) };
  }
  throw new WhorlError(
    "manifest",
    `${where}: ${JSON.stringify(value)} names no registry; write its host, like "example.com"`,
  );
}

/** Where a registry of packages says how its packages are had. */
export const registryMetadataPath = "/.well-known/wasm-pkg/registry.json";

/** Where the packages of a registry are, in the words of image references. */
export interface PackagePlace {
  readonly registry: string;
  /** Goes before `namespace/name`; may end in `/` or in the middle of a word. */
  readonly prefix: string;
}

/**
 * Where the packages are, by what the registry says of itself: in itself, if it says nothing.
 * @throws WhorlError `unsupported` if it speaks only protocols other than that of images.
 */
export function packagePlace({ registry, metadata = {} }: PackageRegistry): PackagePlace {
  const { oci, preferredProtocol, ociRegistry, ociNamespacePrefix } = metadata;
  const settings = isObject(oci) ? oci : {};
  const host = settings["registry"] ?? ociRegistry;
  const prefix = settings["namespacePrefix"] ?? ociNamespacePrefix;
  const isImages = preferredProtocol === undefined || preferredProtocol === "oci";
  if (!isImages && !isObject(oci) && ociRegistry === undefined) {
    throw new WhorlError(
      "unsupported",
      `the package registry ${registry} only speaks ${JSON.stringify(preferredProtocol)}; use one that speaks "oci"`,
    );
  }
  return {
    registry: typeof host === "string" ? host : registry,
    prefix: typeof prefix === "string" ? prefix : "",
  };
}

function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
