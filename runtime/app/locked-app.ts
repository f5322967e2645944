import { errorText, WhorlError } from "../error.ts";
import type {
  LockedApp,
  LockedComponent,
  LockedContent,
  LockedDependency,
  LockedFile,
  LockedSource,
  LockedTrigger,
  LockedVariable,
  Values,
} from "../image/locked-document.ts";
import { limits } from "../limits.ts";

const knownRequirements = new Set(["local_service_chaining", "middleware"]);
const knownMustUnderstand = new Set(["host_requirements", "component_host_requirements"]);

/**
 * Parses and checks a locked app.
 * @param where what the messages call it.
 * @throws WhorlError `image` if it is none, `unsupported` if it needs something unknown, `limit`.
 */
export function parseLockedApp(bytes: Uint8Array, where: string): LockedApp {
  if (bytes.length > limits.lockedAppBytesMax) {
    throw new WhorlError("limit", `${where} has more than ${limits.lockedAppBytesMax} bytes`);
  }
  const root = new Shape(parseJson(bytes, where), where);
  const version = root.value("spin_lock_version");
  if (version !== 0 && version !== 1) {
    throw new WhorlError("unsupported", `${where} has lock version ${JSON.stringify(version)}`);
  }
  for (const key of root.texts("must_understand")) {
    if (!knownMustUnderstand.has(key)) throw unknownFeature(where, key);
  }
  return {
    spin_lock_version: version,
    ...optional("metadata", root.object("metadata")),
    ...optional("host_requirements", requirements(root)),
    ...optional("variables", root.mapOf("variables", parseVariable)),
    triggers: root.listOf("triggers", parseTrigger),
    components: root.listOf("components", parseComponent),
  };
}

function parseVariable(shape: Shape): LockedVariable {
  return {
    ...optional("description", shape.optionalText("description")),
    ...optional("default", shape.optionalText("default")),
    ...(shape.value("secret") === true && { secret: true }),
  };
}

function parseTrigger(shape: Shape): LockedTrigger {
  return {
    id: shape.text("id"),
    trigger_type: shape.text("trigger_type"),
    trigger_config: shape.object("trigger_config") ?? {},
    ...optional("trigger_dependencies", shape.mapOfLists("trigger_dependencies", parseDependency)),
  };
}

function parseComponent(shape: Shape): LockedComponent {
  return {
    id: shape.text("id"),
    ...optional("metadata", shape.object("metadata")),
    source: parseSource(shape.child("source")),
    ...optional("env", shape.textMap("env")),
    ...(shape.value("files") !== undefined && { files: shape.listOf("files", parseFile) }),
    ...optional("config", shape.textMap("config")),
    ...optional("dependencies", shape.mapOf("dependencies", parseDependency)),
    ...optional("trigger_dependencies", shape.mapOfLists("trigger_dependencies", parseDependency)),
    ...optional("host_requirements", requirements(shape)),
  };
}

function parseContent(shape: Shape): LockedContent {
  const content = {
    ...optional("source", shape.optionalText("source")),
    ...optional("inline", shape.optionalText("inline")),
    ...optional("digest", shape.optionalText("digest")),
  };
  if (Object.keys(content).length > 0) return content;
  throw new WhorlError("image", `${shape.where} has neither digest nor inline nor source`);
}

function parseSource(shape: Shape): LockedSource {
  return { content_type: shape.optionalText("content_type") ?? "", ...parseContent(shape) };
}

function parseFile(shape: Shape): LockedFile {
  return { ...parseContent(shape), path: shape.text("path") };
}

function parseDependency(shape: Shape): LockedDependency {
  const inherit = shape.value("inherit");
  return {
    source: parseSource(shape.child("source")),
    export: shape.optionalText("export") ?? null,
    ...(inherit === "All" && { inherit }),
    ...(isRecord(inherit) && { inherit: { Some: new Shape(inherit, shape.where).texts("Some") } }),
  };
}

/** What the host has to offer; only what is required counts. */
function requirements(shape: Shape): Readonly<Record<string, string>> | undefined {
  const entries = Object.entries(shape.object("host_requirements") ?? {}).filter(
    ([, need]) => need !== "optional",
  );
  for (const [feature] of entries) {
    if (!knownRequirements.has(feature)) throw unknownFeature(shape.where, feature);
  }
  if (entries.length === 0) return undefined;
  return Object.fromEntries(entries.map(([feature, need]) => [feature, String(need)]));
}

function unknownFeature(where: string, feature: string): WhorlError {
  return new WhorlError(
    "unsupported",
    `${where} needs "${feature}", which this version does not know; use a newer one`,
  );
}

function parseJson(bytes: Uint8Array, where: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new WhorlError("image", `${where} is not JSON: ${errorText(error)}`, { cause: error });
  }
}

function optional<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, T>);
}

function isRecord(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A JSON object whose values are asked for with the type they have to have. */
class Shape {
  readonly where: string;
  readonly #object: Values;

  constructor(value: unknown, where: string) {
    if (!isRecord(value)) throw new WhorlError("image", `${where} is not a JSON object`);
    this.#object = value;
    this.where = where;
  }

  /** Null counts as absent. */
  value(key: string): unknown {
    return this.#object[key] ?? undefined;
  }

  child(key: string): Shape {
    return new Shape(this.value(key), `${this.where}: ${key}`);
  }

  object(key: string): Values | undefined {
    const value = this.value(key);
    if (value === undefined || isRecord(value)) return value;
    throw this.#wrong(key, "an object");
  }

  optionalText(key: string): string | undefined {
    const value = this.value(key);
    if (value === undefined || typeof value === "string") return value;
    throw this.#wrong(key, "a string");
  }

  text(key: string): string {
    const value = this.optionalText(key);
    if (value === undefined) throw this.#wrong(key, "a string");
    return value;
  }

  texts(key: string): string[] {
    const value = this.value(key) ?? [];
    if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value;
    throw this.#wrong(key, "a list of strings");
  }

  textMap(key: string): Readonly<Record<string, string>> | undefined {
    const map = this.object(key);
    if (map === undefined || Object.values(map).every((each) => typeof each === "string")) {
      return map as Readonly<Record<string, string>> | undefined;
    }
    throw this.#wrong(key, "an object of strings");
  }

  listOf<T>(key: string, parse: (shape: Shape) => T): T[] {
    const value = this.value(key);
    if (!Array.isArray(value)) throw this.#wrong(key, "a list");
    return value.map((each, index) => parse(new Shape(each, `${this.where}: ${key}[${index}]`)));
  }

  mapOf<T>(key: string, parse: (shape: Shape) => T): Readonly<Record<string, T>> | undefined {
    const map = this.object(key);
    if (map === undefined) return undefined;
    const shapes = Object.keys(map).map((name): [string, T] => [
      name,
      parse(new Shape(map[name], `${this.where}: ${key}.${name}`)),
    ]);
    return Object.fromEntries(shapes);
  }

  mapOfLists<T>(
    key: string,
    parse: (shape: Shape) => T,
  ): Readonly<Record<string, T[]>> | undefined {
    const map = this.object(key);
    if (map === undefined) return undefined;
    const shape = new Shape(map, `${this.where}: ${key}`);
    return Object.fromEntries(Object.keys(map).map((name) => [name, shape.listOf(name, parse)]));
  }

  #wrong(key: string, wanted: string): WhorlError {
    return new WhorlError("image", `${this.where}: "${key}" has to be ${wanted}`);
  }
}

/** Bytes of a locked app, the same for the same app: keys in the order of Spin's, no spaces. */
export function encodeLockedApp(app: LockedApp): Uint8Array {
  const needsVersion1 =
    app.must_understand !== undefined || app.host_requirements !== undefined ? 1 : 0;
  const ordered = {
    spin_lock_version: needsVersion1,
    must_understand: app.must_understand,
    metadata: app.metadata,
    host_requirements: app.host_requirements,
    variables: app.variables,
    triggers: app.triggers,
    components: app.components,
  };
  return new TextEncoder().encode(JSON.stringify(ordered));
}
