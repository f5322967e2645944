import { readFile, realpath, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { errorText, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import { checkShape } from "./check-shape.ts";
import { selectFiles } from "./component-files.ts";
import { compileFilePattern } from "./file-pattern.ts";
import type {
  LockedApp,
  LockedComponent,
  LockedFile,
  LockedTrigger,
  Values,
} from "../image/locked-document.ts";
import type { ManifestContext } from "./manifest-context.ts";
import { ManifestProblems } from "./manifest-problems.ts";
import type { ManifestComponent, ManifestTrigger } from "./manifest.ts";
import { parseTomlDocument, TomlSyntaxError } from "./toml-document.ts";
import { triggerComponent, triggerIds } from "./trigger-table.ts";
import type { DeclaredComponents } from "./trigger-table.ts";

/**
 * Locks the app of a manifest: ids made, files found, templates left as they are, so that
 * variables get their values where the app runs. Contents are named by `file:` URLs.
 * @throws WhorlError `manifest`, `unsupported` or `file` with one line `file:line:column: ...` per
 * problem.
 */
export async function lockManifest(path: string): Promise<LockedApp> {
  const problems = new ManifestProblems(path);
  const context = await openManifest(path, problems);
  const locked = context && (await lock(context));
  problems.throwIfAny();
  if (locked === undefined) throw new Error(`${path}: refused without a reason`);
  return locked;
}

async function openManifest(
  path: string,
  problems: ManifestProblems,
): Promise<ManifestContext | undefined> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new WhorlError("file", `cannot read ${path}: ${errorText(error)}; name a manifest`, {
      cause: error,
    });
  });
  if (bytes.length > limits.manifestBytesMax) {
    throw new WhorlError("limit", `${path} has more than ${limits.manifestBytesMax} bytes`);
  }
  try {
    const shaped = checkShape(parseTomlDocument(bytes.toString("utf8")), problems);
    return shaped && { ...shaped, problems, directory: resolve(dirname(path)) };
  } catch (error) {
    if (!(error instanceof TomlSyntaxError)) throw error;
    problems.add("manifest", error.position, error.message);
    return undefined;
  }
}

async function lock(context: ManifestContext): Promise<LockedApp> {
  const { manifest, positions } = context;
  const tables = manifest.component ?? {};
  const declared: DeclaredComponents = new Map(
    Object.entries(tables).map(([id, table]) => [
      id,
      { id, table, idPosition: positions.keyAt(tables, id) },
    ]),
  );
  const triggers = lockTriggers(declared, context);
  const components: LockedComponent[] = [];
  for (const { id, table } of declared.values()) {
    components.push(await lockComponent(id, table, context));
  }
  const needsHost = components.some(({ host_requirements }) => host_requirements !== undefined);
  const variables = lockVariables(context);
  return {
    spin_lock_version: needsHost ? 1 : 0,
    ...(needsHost && { must_understand: ["component_host_requirements"] }),
    metadata: appMetadata(context),
    ...(Object.keys(variables).length > 0 && { variables }),
    triggers,
    components,
  };
}

/** Keys sorted, empty values left out, as Spin writes them. */
function appMetadata({ manifest }: ManifestContext): Values {
  const { name, version, description, authors = [], trigger = {} } = manifest.application;
  const types = Object.keys(manifest.trigger ?? {});
  const [only] = types;
  const settings = trigger as Values;
  return sortedKeys({
    ...(authors.length > 0 && { authors }),
    ...(description !== undefined && description !== "" && { description }),
    name,
    ...(only !== undefined &&
      types.length === 1 && {
        trigger: sortedKeys({ ...(settings[only] as Values | undefined), type: only }),
      }),
    triggers: sortedKeys(settings),
    ...(version !== undefined && version !== "" && { version }),
  });
}

function lockVariables({ manifest }: ManifestContext): NonNullable<LockedApp["variables"]> {
  const entries = Object.entries(manifest.variables ?? {}).map(
    ([name, { description, default: value, secret }]) => [
      name,
      {
        ...(description !== undefined && { description }),
        ...(value !== undefined && { default: value }),
        ...(secret === true && { secret }),
      },
    ],
  );
  return sortedKeys(Object.fromEntries(entries) as Record<string, object>);
}

function lockTriggers(declared: DeclaredComponents, context: ManifestContext): LockedTrigger[] {
  const byType = Object.entries(context.manifest.trigger ?? {});
  return byType.flatMap(([type, list]) => {
    const tables = list as readonly ManifestTrigger[];
    const ids = triggerIds(type, tables, context);
    return tables.map((table, index): LockedTrigger => {
      const id = ids[index] ?? "";
      const { id: _id, component: _component, ...config } = table;
      refuseComposition(table, context);
      const component = triggerComponent({ id, table }, declared, context);
      return {
        id,
        trigger_type: type,
        trigger_config: sortedKeys({ ...config, ...(component !== undefined && { component }) }),
      };
    });
  });
}

function refuseComposition(table: ManifestTrigger, { positions, problems }: ManifestContext): void {
  for (const key of ["components", "dependencies"] as const) {
    if (table[key] === undefined) continue;
    const message = `"${key}" of a trigger cannot be pushed yet; compose them into the component`;
    problems.add("unsupported", positions.keyAt(table, key), message);
  }
}

async function lockComponent(
  id: string,
  table: ManifestComponent,
  context: ManifestContext,
): Promise<LockedComponent> {
  const metadata = componentMetadata(table);
  const files = await lockFiles(table, context);
  const { environment = {}, variables = {} } = table;
  return {
    id,
    ...(Object.keys(metadata).length > 0 && { metadata }),
    source: {
      content_type: "application/wasm",
      source: pathToFileURL(await sourcePath(table, context)).href,
    },
    ...(Object.keys(environment).length > 0 && { env: sortedKeys(environment) }),
    ...(files.length > 0 && { files }),
    ...(Object.keys(variables).length > 0 && { config: sortedKeys(variables) }),
    ...(outboundHosts(table).some(isChaining) && {
      host_requirements: { local_service_chaining: "required" },
    }),
  };
}

function componentMetadata(table: ManifestComponent): Values {
  const { description, key_value_stores, sqlite_databases, ai_models, build } = table;
  const lists = {
    ai_models,
    allowed_outbound_hosts: outboundHosts(table),
    databases: sqlite_databases,
    key_value_stores,
  };
  const present = Object.entries(lists).filter(([, list]) => list !== undefined && list.length > 0);
  return sortedKeys({
    ...Object.fromEntries(present),
    ...(build !== undefined && { build }),
    ...(description !== undefined && description !== "" && { description }),
  });
}

/** The key before allowed_outbound_hosts had hosts without a scheme. */
function outboundHosts({
  allowed_outbound_hosts: hosts = [],
  allowed_http_hosts: legacy = [],
}: ManifestComponent): string[] {
  const converted = legacy.flatMap((host) => {
    if (host === "insecure:allow-all") return ["http://*:*", "https://*:*", "http://self"];
    return host.includes("://") ? [host] : [`http://${host}`, `https://${host}`];
  });
  return [...hosts, ...converted];
}

function isChaining(host: string): boolean {
  return /^(?:https?|\*):\/\/[^/:]*\.spin\.internal(?::|\/|$)/.test(host.trim());
}

async function sourcePath(
  table: ManifestComponent,
  { directory, positions, problems }: ManifestContext,
): Promise<string> {
  const { source, dependencies } = table;
  if (Object.keys(dependencies ?? {}).length > 0) {
    const message = `"dependencies" of a component cannot be pushed yet; compose them into it`;
    problems.add("unsupported", positions.keyAt(table, "dependencies"), message);
  }
  const at = positions.valueAt(table, "source");
  if (typeof source !== "string") {
    const message = 'only a source that is a file can be pushed; write source = "file.wasm"';
    problems.add("unsupported", at, message);
    return directory;
  }
  const path = resolve(directory, source);
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) {
    problems.add("file", at, `source "${source}" does not exist; build it first (--build)`);
  }
  return path;
}

async function lockFiles(
  table: ManifestComponent,
  { directory, positions, problems }: ManifestContext,
): Promise<LockedFile[]> {
  const entries = table.files ?? [];
  if (entries.length === 0) return [];
  const byPath = new Map<string, LockedFile>();
  for (const [index, entry] of entries.entries()) {
    const at =
      typeof entry === "string" ? positions.valueAt(entries, index) : positions.start(entry);
    try {
      const excludes = (table.exclude_files ?? []).map((text) => compileFilePattern(text, true));
      const selection = { directory: await realpath(directory), excludes };
      for (const { hostPath, guestPath } of await selectFiles(entry, selection)) {
        byPath.set(guestPath, { source: pathToFileURL(hostPath).href, path: guestPath });
      }
    } catch (error) {
      if (!(error instanceof WhorlError)) throw error;
      problems.add(error.code === "file" ? "file" : "manifest", at, error.message);
    }
  }
  return [...byPath.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function sortedKeys<T extends object>(object: T): T {
  const entries = Object.entries(object).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries) as T;
}
