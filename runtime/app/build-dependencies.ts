import type { AppDependency, ComposedPart } from "./app.ts";
import type { RemoteSource } from "./component-sources.ts";
import { resolveSource, sourceOf } from "./build-source.ts";
import { isOverlapping, parseDependencyName } from "./dependency-name.ts";
import type { DependencyName } from "./dependency-name.ts";
import type { ManifestContext } from "./manifest-context.ts";
import type { ManifestComponent, ManifestDependency } from "./manifest.ts";
import { didYouMean } from "./nearest-name.ts";
import type { DeclaredComponent, DeclaredComponents } from "./trigger-table.ts";
import type { Position } from "./toml-document.ts";

/** Checks what satisfies a component's imports; mistakes go to the context's problems. */
export async function buildDependencies(
  { id, table }: DeclaredComponent,
  components: DeclaredComponents,
  context: ManifestContext,
): Promise<AppDependency[]> {
  const tables = table.dependencies ?? {};
  const names = new Map<string, DependencyName>();
  const built: AppDependency[] = [];
  checkInheritance(table, context);
  for (const [text, written] of Object.entries(tables)) {
    const at = context.positions.keyAt(tables, text);
    const name = checkedName({ text, at }, names, context);
    if (name === undefined) continue;
    const whole = fromText(written, name);
    const dependency = { ...whole, inherit: table.dependencies_inherit_configuration };
    if (!checkNameAgainst(name, { text, at, dependency }, context)) continue;
    const part = await buildPart(dependency, { user: id, name, at, components }, context);
    if (part !== undefined) built.push({ ...part, name: text, export: dependency.export });
  }
  return built;
}

/** Checks the middleware of an HTTP trigger, the outermost first. */
export async function buildMiddleware(
  user: string,
  tables: readonly ManifestDependency[],
  components: DeclaredComponents,
  context: ManifestContext,
): Promise<ComposedPart[]> {
  const parts: ComposedPart[] = [];
  for (const table of tables) {
    const at = context.positions.start(table);
    const part = await buildPart(table, { user, name: undefined, at, components }, context);
    if (part !== undefined) parts.push(part);
  }
  return parts;
}

/** A dependency with what its component says for all of them. */
type WholeDependency = ManifestDependency & { readonly inherit?: boolean | undefined };

/** A text is a requirement of versions of the package that is imported. */
function fromText(written: string | ManifestDependency, name: DependencyName): ManifestDependency {
  const dependency = typeof written === "string" ? { version: written } : written;
  const isPackage = dependency.version !== undefined && dependency.package === undefined;
  return isPackage && name.kind === "package"
    ? { ...dependency, package: name.package }
    : dependency;
}

interface PlacedText {
  readonly text: string;
  readonly at: Position;
}

function checkedName(
  { text, at }: PlacedText,
  others: Map<string, DependencyName>,
  { problems }: ManifestContext,
): DependencyName | undefined {
  const name = parseDependencyName(text);
  if (name === undefined) {
    problems.add(
      "manifest",
      at,
      `"${text}" is not a dependency; write "ns:package", "ns:package/interface@1.2.3" or the plain name of an import`,
    );
    return undefined;
  }
  for (const [other, parsed] of others) {
    if (!isOverlapping(name, parsed)) continue;
    problems.add("manifest", at, `dependency "${text}" conflicts with "${other}"`);
  }
  others.set(text, name);
  return name;
}

function checkNameAgainst(
  name: DependencyName,
  { text, at, dependency }: PlacedText & { readonly dependency: ManifestDependency },
  { problems }: ManifestContext,
): boolean {
  const { count } = problems;
  if (
    name.kind === "plain" &&
    dependency.version !== undefined &&
    dependency.package === undefined
  ) {
    problems.add("manifest", at, `dependency "${text}" must specify a package name`);
  }
  const isWhole = name.kind === "package" && name.interface === undefined;
  const chooses = dependency.version !== undefined || dependency.path !== undefined;
  if (isWhole && chooses && dependency.export !== undefined) {
    problems.add(
      "manifest",
      at,
      `using an export to satisfy the package dependency "${text}" is not currently permitted; ` +
        `name the interface: "${text}/interface"`,
    );
  }
  return problems.count === count;
}

function checkInheritance(
  table: ManifestComponent,
  { positions, problems }: ManifestContext,
): void {
  if (table.dependencies_inherit_configuration === undefined) return;
  const one = Object.values(table.dependencies ?? {}).some(
    (each) => typeof each === "object" && each.inherit_configuration !== undefined,
  );
  if (!one) return;
  problems.add(
    "manifest",
    positions.keyAt(table, "dependencies_inherit_configuration"),
    '"dependencies_inherit_configuration" and "inherit_configuration" of a dependency are mutually exclusive; use one or the other',
  );
}

/** Who needs a part, and by what name. */
interface Need {
  /** Id of the component or trigger. */
  readonly user: string;
  readonly name: DependencyName | undefined;
  readonly at: Position;
  readonly components: DeclaredComponents;
}

async function buildPart(
  dependency: WholeDependency,
  need: Need,
  context: ManifestContext,
): Promise<ComposedPart | undefined> {
  const { at } = need;
  const { problems } = context;
  const sourceOrigin = `${problems.fileName}:${at.line}`;
  const inherit = inheritance(dependency, at, context);
  const { component } = dependency;
  if (component !== undefined) {
    const sourcePath = await componentSource(component, need, context);
    return sourcePath === undefined ? undefined : { sourcePath, sourceOrigin, inherit };
  }
  const source = partSource(dependency);
  if (source === undefined) {
    problems.add(
      "manifest",
      at,
      "a dependency is one of { path = ... }, { url = ..., digest = ... }, { version = ..., package = ..., registry = ... } and { component = ... }",
    );
    return undefined;
  }
  const hint = "build it first";
  const sourcePath = await resolveSource({ source, at, hint }, context);
  return { sourcePath, sourceOrigin, inherit };
}

/** Undefined unless it is exactly one of the forms. */
function partSource(dependency: ManifestDependency): string | RemoteSource | undefined {
  const { path, url, digest, version, package: name, registry } = dependency;
  const isFile = path !== undefined;
  const isUrl = url !== undefined || digest !== undefined;
  const isPackage = version !== undefined || name !== undefined || registry !== undefined;
  if ([isFile, isUrl, isPackage].filter(Boolean).length !== 1) return undefined;
  if (path !== undefined) return path;
  if (url !== undefined && digest !== undefined) return { kind: "url", url, digest };
  if (version === undefined || name === undefined) return undefined;
  return { kind: "package", registry, package: name, version };
}

/** The source of another component; of the rest of it nothing would be there. */
async function componentSource(
  id: string,
  { user, at, components }: Need,
  context: ManifestContext,
): Promise<string | undefined> {
  const found = components.get(id);
  if (found === undefined) {
    const hint = didYouMean(id, components.keys());
    context.problems.add("manifest", at, `dependency ID ${id} does not exist${hint}`);
    return undefined;
  }
  const surprises = surprisingKeys.filter((key) => isFilled(found.table[key]));
  if (surprises.length > 0) {
    context.problems.add(
      "manifest",
      at,
      `Dependencies may not have their own resources or permissions. Component ${id} cannot be used as a dependency of ${user} because it specifies: ${surprises.join(", ")}`,
    );
  }
  return resolveSource(sourceOf(found.table, context), context);
}

const surprisingKeys = [
  "ai_models",
  "allowed_http_hosts",
  "allowed_outbound_hosts",
  "dependencies",
  "environment",
  "files",
  "key_value_stores",
  "sqlite_databases",
  "variables",
] as const;

function isFilled(value: object | undefined): boolean {
  return value !== undefined && Object.keys(value).length > 0;
}

/** Keys of a component's configuration that a dependency can be given. */
export const inheritableKeys: readonly string[] = [
  "ai_models",
  "allowed_outbound_hosts",
  "environment",
  "files",
  "key_value_stores",
  "sqlite_databases",
  "variables",
];

function inheritance(
  { inherit, inherit_configuration: own }: WholeDependency,
  at: Position,
  { problems }: ManifestContext,
): ComposedPart["inherit"] {
  const wanted = own ?? inherit ?? false;
  if (typeof wanted === "boolean") return wanted ? "all" : [];
  for (const key of wanted) {
    if (inheritableKeys.includes(key)) continue;
    problems.warn(
      at,
      `"${key}" in inherit_configuration means nothing${didYouMean(key, inheritableKeys) || `; there are ${inheritableKeys.join(", ")}`}`,
    );
  }
  return wanted.filter((key) => inheritableKeys.includes(key));
}
