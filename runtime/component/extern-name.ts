/**
 * Names of imports and exports (Explainer.md, "Import and Export Definitions"). Besides the plain
 * and interface names of the current text, the dependency forms that earlier toolchains write
 * (url, locked-dep, unlocked-dep, integrity) are accepted.
 */
export interface ExternName {
  readonly kind: "plain" | "interface" | "dependency";
  /** Two names of one scope must not have the same key ("Name Uniqueness"). */
  readonly key: string;
}

const label = "[a-z][0-9a-z]*|[A-Z][0-9A-Z]*";
const labelText = `(?:${label})(?:-(?:[0-9a-z]+|[0-9A-Z]+))*`;
const words = "[a-z][0-9a-z]*(?:-[0-9a-z]+)*";
const numeric = "(?:0|[1-9][0-9]*)";
const prerelease = `(?:${numeric}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)`;
const semver = `${numeric}\\.${numeric}\\.${numeric}(?:-${prerelease}(?:\\.${prerelease})*)?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?`;
const canonicalVersion = "(?:[1-9][0-9]*|0\\.[1-9][0-9]*|0\\.0\\.[1-9][0-9]*|0\\.0\\.0)";
const packageName = `${words}:${words}`;

const labelPattern = new RegExp(`^${labelText}$`);
const plainPattern = new RegExp(
  `^(?:\\[(constructor|method|static)\\])?(${labelText})(?:\\.(${labelText}))?$`,
);
const interfacePattern = new RegExp(
  `^${packageName}/${labelText}(?:@(${semver}|${canonicalVersion}))?$`,
);
const semverPattern = new RegExp(`^${semver}$`);
const canonicalVersionPattern = new RegExp(`^${canonicalVersion}$`);

const integrity = "integrity=<[0-9A-Za-z+/=?: -]+>";
const versionRange = `\\*|\\{>=${semver}(?: <${semver})?\\}|\\{<${semver}\\}`;
const dependencyPattern = new RegExp(
  `^(?:url=<[^<>]*>(?:,${integrity})?` +
    `|relative-url=<[^<>]*>(?:,${integrity})?` +
    `|${integrity}` +
    `|locked-dep=<${packageName}(?:@${semver})?>(?:,${integrity})?` +
    `|unlocked-dep=<${packageName}(?:@(?:${versionRange}))?>)$`,
);

/** Whether `text` is a `label`: kebab case. */
export function isLabel(text: string): boolean {
  return labelPattern.test(text);
}

/** Whether `text` is an `interfacename`: `ns:pkg/iface@1.2.3`. */
export function isInterfaceName(text: string): boolean {
  return interfacePattern.test(text);
}

/** Parses the name of an import or export; undefined when it is none. */
export function parseExternName(text: string): ExternName | undefined {
  const plain = parsePlainName(text);
  if (plain !== undefined) {
    return { kind: "plain", key: plainKey(plain) };
  }
  if (interfacePattern.test(text)) return { kind: "interface", key: interfaceKey(text) };
  if (dependencyPattern.test(text)) return { kind: "dependency", key: text };
  return undefined;
}

/** A plain name taken apart: `[method]resource.member`. */
export interface PlainName {
  readonly annotation: "constructor" | "method" | "static" | undefined;
  /** The resource of an annotated name, else the whole name. */
  readonly label: string;
  /** Of methods and static functions. */
  readonly member: string | undefined;
}

/** Takes a plain name apart; undefined when it is not one. */
export function parsePlainName(text: string): PlainName | undefined {
  const match = plainPattern.exec(text);
  if (match === null) return undefined;
  const [, annotation, resource = "", member] = match;
  const hasMember = annotation === "method" || annotation === "static";
  if (hasMember !== (member !== undefined)) return undefined;
  return { annotation: annotation as PlainName["annotation"], label: resource, member };
}

function plainKey({ annotation, label: resource, member }: PlainName): string {
  const lower = resource.toLowerCase();
  if (annotation === "constructor") return `[constructor]${lower}`;
  if (member === undefined || member.toLowerCase() === lower) return lower;
  return `${lower}.${member.toLowerCase()}`;
}

/** The version counts as written; only words may differ in case. */
function interfaceKey(text: string): string {
  const at = text.indexOf("@");
  return at < 0 ? text.toLowerCase() : text.slice(0, at).toLowerCase() + text.slice(at);
}

/** Whether `suffix` completes the version of an interface name to a semantic version. */
export function isVersionSuffixOf(suffix: string, interfaceName: string): boolean {
  const version = interfaceName.slice(interfaceName.indexOf("@") + 1);
  return (
    interfaceName.includes("@") &&
    canonicalVersionPattern.test(version) &&
    semverPattern.test(version + suffix)
  );
}
