import { realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { WhorlError } from "../error.ts";
import type { AppComponent, AppVariable, FileMount } from "./app.ts";
import type { DeclaredComponent } from "./trigger-table.ts";
import { checkVariableName, checkTemplate } from "./build-variables.ts";
import { selectFiles } from "./component-files.ts";
import { isComponentId, isStoreLabel } from "./component-id.ts";
import { compileFilePattern } from "./file-pattern.ts";
import type { FilePattern } from "./file-pattern.ts";
import type { ManifestContext } from "./manifest-context.ts";
import type { ManifestComponent } from "./manifest.ts";
import { isSwitchedOff, parseOutboundHost } from "./outbound-hosts.ts";
import type { Position } from "./toml-document.ts";

/** What the components of one app share. */
export interface ComponentSurroundings {
  readonly variables: ReadonlyMap<string, AppVariable>;
  readonly componentIds: readonly string[];
}

/** Checks one component and resolves what it names; mistakes go to the context's problems. */
export async function buildComponent(
  declared: DeclaredComponent,
  surroundings: ComponentSurroundings,
  context: ManifestContext,
): Promise<AppComponent> {
  const { id, table } = declared;
  checkId(declared, context);
  checkUnsupported(table, context);
  const { positions, problems } = context;
  return {
    id,
    sourcePath: await resolveSource(table, context),
    sourceOrigin: `${problems.fileName}:${positions.valueAt(table, "source").line}`,
    environment: checkedEnvironment(table, context),
    files: await resolveFiles(table, context),
    allowedOutboundHosts: checkedOutboundHosts(table, surroundings, context),
    variables: checkedVariables(table, surroundings, context),
    keyValueStores: checkedLabels(table, "key_value_stores", context),
    sqliteDatabases: checkedLabels(table, "sqlite_databases", context),
    aiModels: table.ai_models ?? [],
  };
}

function checkId({ id, idPosition }: DeclaredComponent, { problems }: ManifestContext): void {
  if (idPosition === undefined || isComponentId(id)) return;
  problems.add(
    "manifest",
    idPosition,
    `"${id}" is not a component id; use words of letters and digits joined by "-", all lower or all upper case`,
  );
}

function checkUnsupported(
  table: ManifestComponent,
  { positions, problems }: ManifestContext,
): void {
  if (Object.keys(table.dependencies ?? {}).length === 0) return;
  problems.add(
    "unsupported",
    positions.keyAt(table, "dependencies"),
    `"dependencies" of a component are not supported yet; compose them into the component when it is built`,
  );
}

async function resolveSource(
  table: ManifestComponent,
  { directory, positions, problems }: ManifestContext,
): Promise<string> {
  const { source } = table;
  const at = positions.valueAt(table, "source");
  if (typeof source !== "string") {
    const form = source.url === undefined ? "a registry" : "a URL";
    problems.add(
      "unsupported",
      at,
      `a source from ${form} is not supported yet; download it and write source = "file.wasm"`,
    );
    return "";
  }
  const path = resolve(directory, source);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    problems.add("file", at, `source "${source}" does not exist${buildHint(table)}`);
  } else if (!found.isFile()) {
    problems.add("file", at, `source "${source}" is not a file; name the .wasm file`);
  }
  return path;
}

function buildHint({ build }: ManifestComponent): string {
  if (build === undefined) return "; build the component first";
  const commands = typeof build.command === "string" ? [build.command] : build.command;
  return `; build it first: ${commands.join(" && ")}`;
}

function checkedEnvironment(
  table: ManifestComponent,
  { positions, problems }: ManifestContext,
): [string, string][] {
  const environment = table.environment ?? {};
  for (const [name, value] of Object.entries(environment)) {
    if (name !== "" && !/[=\0]/.test(name) && !value.includes("\0")) continue;
    problems.add(
      "manifest",
      positions.keyAt(environment, name),
      `environment variable "${name}" cannot exist; its name needs a character and no "=" or NUL, its value no NUL`,
    );
  }
  return Object.entries(environment);
}

function checkedVariables(
  table: ManifestComponent,
  { variables }: ComponentSurroundings,
  context: ManifestContext,
): ReadonlyMap<string, string> {
  const templates = table.variables ?? {};
  for (const [name, text] of Object.entries(templates)) {
    checkVariableName(name, context.positions.keyAt(templates, name), context);
    const at = context.positions.valueAt(templates, name);
    checkTemplate({ text, at }, variables, context);
  }
  return new Map(Object.entries(templates));
}

function checkedLabels(
  table: ManifestComponent,
  key: "key_value_stores" | "sqlite_databases",
  { positions, problems }: ManifestContext,
): readonly string[] {
  const labels = table[key] ?? [];
  for (const [index, label] of labels.entries()) {
    if (isStoreLabel(label)) continue;
    problems.add(
      "manifest",
      positions.valueAt(labels, index),
      `"${label}" in ${key} is not a label; use words of letters and digits joined by "-" or "_", like "default"`,
    );
  }
  return labels;
}

interface HostEntry {
  readonly text: string;
  readonly at: Position;
}

function checkedOutboundHosts(
  table: ManifestComponent,
  surroundings: ComponentSurroundings,
  context: ManifestContext,
): string[] {
  const hosts = table.allowed_outbound_hosts ?? [];
  const legacyHosts = table.allowed_http_hosts ?? [];
  const entries: HostEntry[] = [
    ...hosts.map((text, index) => ({ text, at: context.positions.valueAt(hosts, index) })),
    ...legacyHosts.flatMap((host, index) => {
      const at = context.positions.valueAt(legacyHosts, index);
      return convertHttpHost(host).map((text) => ({ text, at }));
    }),
  ];
  return entries.flatMap((entry) => checkedOutboundHost(entry, surroundings, context));
}

/** The key before allowed_outbound_hosts had hosts without a scheme. */
function convertHttpHost(host: string): string[] {
  if (host === "insecure:allow-all") return ["http://*:*", "https://*:*", "http://self"];
  return host.includes("://") ? [host] : [`http://${host}`, `https://${host}`];
}

function checkedOutboundHost(
  entry: HostEntry,
  { variables, componentIds }: ComponentSurroundings,
  context: ManifestContext,
): string[] {
  const checked = checkTemplate(entry, variables, context);
  if (checked === false) return [];
  const isTemplate = entry.text.includes("{{");
  const { sample } = checked;
  if (sample !== undefined && !(isTemplate && isSwitchedOff(sample))) {
    try {
      parseOutboundHost(sample);
    } catch (error) {
      if (!(error instanceof WhorlError)) throw error;
      context.problems.add("manifest", entry.at, error.message);
      return [];
    }
  }
  if (!entry.text.includes("://*.spin.internal")) return [entry.text];
  return componentIds.map((id) => entry.text.replace("://*.", `://${id}.`));
}

async function resolveFiles(
  table: ManifestComponent,
  context: ManifestContext,
): Promise<FileMount[]> {
  const { positions, problems } = context;
  const entries = table.files ?? [];
  if (entries.length === 0) return [];
  const excludes = compileExcludes(table, context);
  const selection = { directory: await realpath(context.directory), excludes };
  const byGuestPath = new Map<string, FileMount>();
  for (const [index, entry] of entries.entries()) {
    const at =
      typeof entry === "string" ? positions.valueAt(entries, index) : positions.start(entry);
    try {
      const found = await selectFiles(entry, selection);
      if (found.length === 0) problems.warn(at, `no file matches ${JSON.stringify(entry)}`);
      for (const file of found) byGuestPath.set(file.guestPath, file);
    } catch (error) {
      if (!(error instanceof WhorlError)) throw error;
      problems.add(error.code === "file" ? "file" : "manifest", at, error.message);
    }
  }
  checkNesting(byGuestPath, positions.keyAt(table, "files"), context);
  return [...byGuestPath.values()];
}

function compileExcludes(
  table: ManifestComponent,
  { positions, problems }: ManifestContext,
): FilePattern[] {
  const patterns = table.exclude_files ?? [];
  return patterns.flatMap((pattern, index) => {
    try {
      return [compileFilePattern(pattern, true)];
    } catch (error) {
      if (!(error instanceof WhorlError)) throw error;
      problems.add("manifest", positions.valueAt(patterns, index), error.message);
      return [];
    }
  });
}

/** One entry's file cannot be another one's directory. */
function checkNesting(
  files: ReadonlyMap<string, FileMount>,
  at: Position,
  { problems }: ManifestContext,
): void {
  for (const path of files.keys()) {
    for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
      const parent = path.slice(0, slash);
      if (!files.has(parent)) continue;
      problems.add(
        "manifest",
        at,
        `"/${parent}" is a file and the directory of "/${path}"; change a destination`,
      );
      return;
    }
  }
}
