import {
  nodeAt,
  parseTomlDocument,
  TomlSyntaxError,
  type TomlTable,
} from "../../runtime/app/toml-document.ts";
import { ShimError } from "../error.ts";

/** A runtime handler that some file of containerd's configuration defines. */
export interface ConfiguredHandler {
  readonly name: string;
  readonly type: string | undefined;
  /** Counts from 1. */
  readonly line: number;
}

/** What matters here of a configuration file. */
export interface ContainerdConfiguration {
  /** 1 where the file does not say. */
  readonly version: number;
  /** Globs of further files, as they are written. */
  readonly imports: readonly string[];
  readonly handlers: readonly ConfiguredHandler[];
}

/** The newest version of configuration files that is known; later ones may have other names. */
const newestVersion = 4;

/** The plugin that runtime handlers belong to. Throws `unimplemented` for an unknown version. */
export function runtimePlugin(version: number): string {
  if (version === 1) return "cri";
  if (version === 2) return "io.containerd.grpc.v1.cri";
  if (version <= newestVersion) return "io.containerd.cri.v1.runtime";
  throw new ShimError(
    "unimplemented",
    `containerd's configuration has version ${version}; known are 1 to ${newestVersion}`,
  );
}

/**
 * Reads a configuration file.
 * @throws ShimError `invalid_argument` with the place of the mistake; `path` is only for messages
 */
export function parseContainerdConfiguration(text: string, path: string): ContainerdConfiguration {
  const root = parse(text, path);
  const version = nodeAt(root, ["version"]);
  const number = version?.kind === "integer" ? Number(version.value) : 1;
  const imports = nodeAt(root, ["imports"]);
  const items = imports?.kind === "array" ? imports.items : [];
  return {
    version: number,
    imports: items.flatMap((item) => (item.kind === "string" ? [String(item.value)] : [])),
    handlers: handlersOf(root, runtimePlugin(number)),
  };
}

/** What makes a text unusable, undefined where nothing does. */
export function configurationMistake(text: string, path: string): string | undefined {
  try {
    parseContainerdConfiguration(text, path);
    return undefined;
  } catch (error) {
    return ShimError.fromUnknown(error).message;
  }
}

function parse(text: string, path: string): TomlTable {
  try {
    return parseTomlDocument(text);
  } catch (error) {
    if (!(error instanceof TomlSyntaxError)) throw error;
    const { line, column } = error.position;
    throw new ShimError(
      "invalid_argument",
      `${path}:${line}:${column} is not valid TOML: ${error.message}`,
      { cause: error },
    );
  }
}

function handlersOf(root: TomlTable, plugin: string): readonly ConfiguredHandler[] {
  const table = nodeAt(root, ["plugins", plugin, "containerd", "runtimes"]);
  if (table?.kind !== "table") return [];
  return [...table.entries].map(([name, { keyPosition, node }]) => {
    const type = node.kind === "table" ? node.entries.get("runtime_type")?.node : undefined;
    const text = type?.kind === "string" ? String(type.value) : undefined;
    return { name, type: text, line: keyPosition.line };
  });
}

const handlerHeader =
  /^\s*\[\s*plugins\s*\..*\bcontainerd\s*\.\s*runtimes\s*\.\s*["']?([\w.-]+?)["']?\s*\]/;

/**
 * Handlers of a text that is only nearly TOML, such as a template: found by their table headers.
 */
export function handlersInTemplate(text: string): readonly ConfiguredHandler[] {
  const lines = text.split("\n");
  return lines.flatMap((line, index) => {
    const name = handlerHeader.exec(line)?.[1];
    if (name === undefined) return [];
    const type = /^\s*runtime_type\s*=\s*["'](.*)["']/m.exec(
      lines.slice(index + 1, index + 10).join("\n"),
    )?.[1];
    return [{ name, type, line: index + 1 }];
  });
}
