import { dirname, join } from "node:path";
import { errorText, ShimError } from "../error.ts";
import {
  type ConfiguredHandler,
  configurationMistake,
  handlersInTemplate,
  parseContainerdConfiguration,
} from "./containerd-configuration.ts";
import type { ContainerdVersion } from "./containerd-version.ts";
import type { ConfigurationStyle } from "./distribution.ts";
import { blockOf, withBlock, withoutBlock } from "./managed-block.ts";
import { type DesiredHandler, runtimeSection } from "./runtime-section.ts";

/** The node's files, as far as they are needed here. */
export interface ConfigurationFiles {
  /** Undefined where there is no such file. */
  read(path: string): string | undefined;
  /** Names of a folder's files; none where there is no such folder. */
  list(folder: string): readonly string[];
}

/** A file that has to change. */
export interface ConfigurationEdit {
  readonly path: string;
  /** Undefined: the file is not there. */
  readonly before: string | undefined;
  /** Undefined: the file is to go. */
  readonly after: string | undefined;
}

export interface ConfigurationRequest {
  readonly style: ConfigurationStyle;
  readonly containerd: ContainerdVersion;
  /** None: everything of ours is to go. */
  readonly handlers: readonly DesiredHandler[];
  readonly files: ConfigurationFiles;
}

/** Where our part goes. */
type Place =
  /** A file of its own, which is ours as a whole. */
  | { readonly kind: "own"; readonly path: string; readonly version: number }
  /** A block in a file that others write. */
  | {
      readonly kind: "block";
      readonly path: string;
      readonly version: number;
      /** What the file starts with where there is none yet. */
      readonly initial: string;
      /** Ours to say: the file has nothing but comments. */
      readonly saysVersion: boolean;
      readonly isTemplate: boolean;
    };

const ownFile = "whorl.toml";
/** The first line of a file that is there for our block alone. */
const made = "# Made by Whorl's node agent.\n";
const base = `${made}{{ template "base" . }}\n`;
/** What containerd 2.2 and newer import without being told to. */
const defaultImport = "/etc/containerd/conf.d/*.toml";

/**
 * What has to change so that containerd knows the handlers, nothing where it is as it should be.
 * Lines of others are never touched.
 * @throws ShimError `invalid_argument` for a configuration that is broken already,
 *   `failed_precondition` where a handler of the same name is configured by somebody else,
 *   `unimplemented` for a version that is not known
 */
export function planConfiguration(request: ConfigurationRequest): readonly ConfigurationEdit[] {
  const { files, handlers } = request;
  const { chosen, others } = placesOf(request);
  const removals = others.flatMap((place) => removal(place, files));
  if (handlers.length === 0) return [...removals, ...removal(chosen, files)];
  const missing = withoutForeign(request, chosen);
  if (missing.length === 0) return [...removals, ...removal(chosen, files)];
  const section = runtimeSection(chosen.version, missing);
  const before = files.read(chosen.path);
  const after =
    chosen.kind === "own" ? ownText(chosen.version, section) : inBlock(chosen, files, section);
  return before === after ? removals : [...removals, { path: chosen.path, before, after }];
}

function ownText(version: number, section: string): string {
  return `# Written by Whorl's node agent, which also takes it away.\nversion = ${version}\n\n${section}`;
}

function inBlock(
  place: Place & { kind: "block" },
  files: ConfigurationFiles,
  section: string,
): string {
  const { path, initial, isTemplate, version, saysVersion } = place;
  const content = saysVersion ? `version = ${version}\n${section}` : section;
  const after = withBlock(files.read(path) ?? initial, content);
  const mistake = isTemplate ? undefined : configurationMistake(after, path);
  if (mistake === undefined) return after;
  throw new ShimError(
    "failed_precondition",
    `${path} cannot be extended, because its tables are written in a form that allows no further ` +
      `ones (inline tables); write containerd.runtimes as tables of their own. ${mistake}`,
  );
}

function removal(place: Place, files: ConfigurationFiles): readonly ConfigurationEdit[] {
  const before = files.read(place.path);
  if (before === undefined) return [];
  if (place.kind === "own") return [{ path: place.path, before, after: undefined }];
  if (blockOf(before) === undefined) return [];
  const after = withoutBlock(before);
  return [{ path: place.path, before, after: after === place.initial ? undefined : after }];
}

/** The handlers that nobody else configures in the same way already. */
function withoutForeign(request: ConfigurationRequest, chosen: Place): readonly DesiredHandler[] {
  const foreign = foreignHandlers(request, chosen);
  return request.handlers.filter(({ name, shim }) => {
    const found = foreign.find(({ handler }) => handler.name === name);
    if (found === undefined) return true;
    const { path, handler } = found;
    if (handler.type === shim) return false;
    throw new ShimError(
      "failed_precondition",
      `${path}:${handler.line} configures the runtime handler ${name} already (runtime_type ` +
        `${handler.type ?? "not given"}); remove these lines, or leave ${name} out of --handlers`,
    );
  });
}

interface ForeignHandler {
  readonly path: string;
  readonly handler: ConfiguredHandler;
}

function foreignHandlers(
  { style, files }: ConfigurationRequest,
  chosen: Place,
): readonly ForeignHandler[] {
  const inFile = (path: string, isTemplate: boolean): readonly ForeignHandler[] => {
    const text = withoutBlock(files.read(path) ?? "");
    const handlers = isTemplate
      ? handlersInTemplate(text)
      : parseContainerdConfiguration(text, path).handlers;
    return handlers.map((handler) => ({ path, handler }));
  };
  const beside = chosen.kind === "own" ? dirname(chosen.path) : undefined;
  const siblings = beside === undefined ? [] : files.list(beside);
  const extra = siblings
    .filter((name) => name.endsWith(".toml") && name !== ownFile)
    .flatMap((name) => inFile(join(beside ?? "", name), false));
  if (chosen.kind === "block") return inFile(chosen.path, chosen.isTemplate);
  return style.kind === "file" ? [...inFile(style.path, false), ...extra] : extra;
}

function placesOf(request: ConfigurationRequest): { chosen: Place; others: readonly Place[] } {
  const { style } = request;
  switch (style.kind) {
    case "file":
      return placesOfFile(style.path, request);
    case "template":
      return { chosen: template(style.path, templateVersion(style.path, request)), others: [] };
    case "rancher":
      return placesOfRancher(style.folder, request);
    case "folder":
      return placesOfFolder(style, request);
  }
}

function placesOfFile(
  path: string,
  { containerd, files, handlers }: ConfigurationRequest,
): { chosen: Place; others: readonly Place[] } {
  const text = files.read(path);
  // A file that holds nothing but a comment is as good as none.
  const isMeant = text !== undefined && /^[^#\s]/m.test(withoutBlock(text));
  const newest = containerd.major === 1 ? 2 : 3;
  const parsed = isMeant ? parsedFor(handlers, text, path) : undefined;
  const version = parsed?.version ?? newest;
  const block: Place = {
    ...{ kind: "block", path, version, initial: made },
    ...{ isTemplate: false, saysVersion: !isMeant },
  };
  const folder = importedFolder(path, parsed?.imports ?? [], containerd);
  // containerd 1 replaces all of a plugin's settings by those of an imported file.
  if (folder === undefined || containerd.major === 1) return { chosen: block, others: [] };
  const own: Place = { kind: "own", path: join(folder, ownFile), version };
  return { chosen: own, others: [block] };
}

/** What is broken is in nobody's way when our part is taken out. */
function parsedFor(
  handlers: readonly DesiredHandler[],
  text: string,
  path: string,
): { readonly version: number; readonly imports: readonly string[] } | undefined {
  try {
    return parseContainerdConfiguration(text, path);
  } catch (error) {
    if (handlers.length === 0) return undefined;
    throw new ShimError(
      "invalid_argument",
      `${errorText(error)}; containerd would not start with it. Nothing was changed`,
      { cause: error },
    );
  }
}

function importedFolder(
  path: string,
  imports: readonly string[],
  { major, minor }: ContainerdVersion,
): string | undefined {
  const importsByDefault = major > 2 || (major === 2 && minor >= 2);
  const isDefault = path === "/etc/containerd/config.toml" && importsByDefault;
  const globs = imports.length === 0 && isDefault ? [defaultImport] : imports;
  const found = globs.find((glob) => /^[^*?[]*\/\*\.toml$/.test(glob));
  if (found === undefined) return undefined;
  const folder = dirname(found);
  return folder.startsWith("/") ? folder : join(dirname(path), folder);
}

function placesOfRancher(
  folder: string,
  { containerd, files, handlers }: ConfigurationRequest,
): { chosen: Place; others: readonly Place[] } {
  const generated = join(folder, "config.toml");
  const text = files.read(generated);
  const parsed = text === undefined ? undefined : parsedFor(handlers, text, generated);
  const version = parsed?.version ?? (containerd.major === 1 ? 2 : 3);
  const name = version >= 3 ? "config-v3.toml" : "config.toml";
  const own: Place = { kind: "own", path: join(folder, `${name}.d`, ownFile), version };
  const isImported = parsed?.imports.includes(join(folder, `${name}.d`, "*.toml")) === true;
  const block = template(join(folder, `${name}.tmpl`), version);
  const older = version >= 3 ? [template(join(folder, "config.toml.tmpl"), 2)] : [];
  return isImported && containerd.major > 1
    ? { chosen: own, others: [block, ...older] }
    : { chosen: block, others: [own, ...older] };
}

function placesOfFolder(
  { path, generated }: { readonly path: string; readonly generated: string },
  request: ConfigurationRequest,
): { chosen: Place; others: readonly Place[] } {
  const { containerd, files, handlers } = request;
  const text = files.read(generated);
  const version =
    (text === undefined ? undefined : parsedFor(handlers, text, generated)?.version) ??
    (containerd.major === 1 ? 2 : 3);
  const own: Place = { kind: "own", path: join(path, ownFile), version };
  // Whoever has taken this comment out keeps the file himself, and the folder is not read.
  const isManaged = text === undefined || /^#\s*k0s_managed=true/m.test(text);
  if (isManaged) return { chosen: own, others: [] };
  const { chosen, others } = placesOfFile(generated, request);
  return { chosen, others: [...others, own] };
}

function template(path: string, version: number): Place {
  return { kind: "block", path, version, initial: base, isTemplate: true, saysVersion: false };
}

function templateVersion(path: string, { containerd, files }: ConfigurationRequest): number {
  const written = /^\s*version\s*=\s*(\d+)/m.exec(files.read(path) ?? "")?.[1];
  return written === undefined ? (containerd.major === 1 ? 2 : 3) : Number(written);
}
