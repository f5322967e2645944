import { open } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { errorText, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import { ManifestProblems } from "./manifest-problems.ts";
import type { RuntimeConfig } from "./runtime-config.ts";
import {
  readClientTls,
  readLlmCompute,
  readOutboundConnections,
  readOutboundHttp,
  readOutboundMqtt,
  readOutboundNetworking,
} from "./runtime-config-outbound.ts";
import {
  absolutePath,
  type ConfigDirectories,
  readKeyValueStores,
  readSqliteDatabases,
} from "./runtime-config-stores.ts";
import { ConfigTable } from "./runtime-config-table.ts";
import { readVariableProviders } from "./runtime-config-variables.ts";
import { parseTomlDocument, TomlSyntaxError, type TomlTable } from "./toml-document.ts";

export interface RuntimeConfigOptions {
  /** Of the process; absolute. */
  readonly workingDirectory: string;
  /** Of the app's manifest; undefined for an app that is not on this machine. */
  readonly appDirectory: string | undefined;
  /** Wins over the file's `state_dir`; `""` for none. */
  readonly stateDirectory?: string;
  /** Wins over the file's `log_dir`; `""` for none. */
  readonly logDirectory?: string;
}

/**
 * Loads a runtime-config.toml; without a path the defaults alone.
 * @throws WhorlError `manifest` with one line `file:line:column: ...` per mistake, `file` if it
 * cannot be read, `limit` if it is too large.
 */
export async function loadRuntimeConfig(
  path: string | undefined,
  options: RuntimeConfigOptions,
): Promise<RuntimeConfig> {
  const text = path === undefined ? "" : await readConfig(path);
  return parseRuntimeConfig(text, path, options);
}

/** As loadRuntimeConfig(), of a text that was read already. */
export function parseRuntimeConfig(
  text: string,
  path: string | undefined,
  options: RuntimeConfigOptions,
): RuntimeConfig {
  const problems = new ManifestProblems(path ?? "runtime-config.toml");
  const table = parseOrReport(text, problems);
  const config = table && readRuntimeConfig(table, problems, path, options);
  problems.throwIfAny();
  if (config === undefined) throw new Error(`${problems.fileName}: refused without a reason`);
  return config;
}

function parseOrReport(text: string, problems: ManifestProblems): TomlTable | undefined {
  try {
    return parseTomlDocument(text);
  } catch (error) {
    if (!(error instanceof TomlSyntaxError)) throw error;
    problems.add("manifest", error.position, error.message);
    return undefined;
  }
}

function readRuntimeConfig(
  table: TomlTable,
  problems: ManifestProblems,
  path: string | undefined,
  options: RuntimeConfigOptions,
): RuntimeConfig {
  const root = new ConfigTable("", table, problems);
  const working = options.workingDirectory;
  const config = path === undefined ? undefined : dirname(resolve(working, path));
  const state = readStateDirectory(root, options);
  const directories: ConfigDirectories = { config, working, state };
  const runtimeConfig = {
    stateDirectory: state,
    logDirectory: readLogDirectory(root, state, options),
    instanceMemoryBytesMax: root.count("max_instance_memory"),
    variableProviders: readVariableProviders(root, directories),
    keyValueStores: readKeyValueStores(root, directories),
    sqliteDatabases: readSqliteDatabases(root, directories),
    llmCompute: readLlmCompute(root),
    outboundHttp: readOutboundHttp(root),
    outboundNetworking: readOutboundNetworking(root),
    outboundRedis: readOutboundConnections(root, "outbound_redis"),
    outboundPostgres: readOutboundConnections(root, "outbound_pg"),
    outboundMysql: readOutboundConnections(root, "outbound_mysql"),
    outboundMqtt: readOutboundMqtt(root),
    clientTls: readClientTls(root, config ?? working),
  };
  root.finish();
  return runtimeConfig;
}

/** The command line, then the file, then `.spin` beside the manifest. */
function readStateDirectory(root: ConfigTable, options: RuntimeConfigOptions): string | undefined {
  const inFile = root.optionalText("state_dir");
  const text = options.stateDirectory ?? inFile;
  if (text === "") return undefined;
  if (text !== undefined) return absolutePath(text, options.workingDirectory);
  return options.appDirectory && join(options.appDirectory, ".spin");
}

function readLogDirectory(
  root: ConfigTable,
  state: string | undefined,
  options: RuntimeConfigOptions,
): string | undefined {
  const inFile = root.optionalText("log_dir");
  const text = options.logDirectory ?? inFile;
  if (text === "") return undefined;
  if (text !== undefined) return absolutePath(text, options.workingDirectory);
  return state && join(state, "logs");
}

async function readConfig(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    if (size > limits.runtimeConfigBytesMax) {
      throw new WhorlError(
        "limit",
        `${path} has ${size} bytes; a runtime config may have ${limits.runtimeConfigBytesMax}`,
      );
    }
    return decode(path, await file.readFile());
  } catch (error) {
    if (error instanceof WhorlError) throw error;
    const message = `cannot read ${path}: ${errorText(error)}; name a runtime config that exists`;
    throw new WhorlError("file", message, { cause: error });
  }
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    const message = `${path} is not UTF-8 text; save it as UTF-8`;
    throw new WhorlError("manifest", message, { cause: error });
  }
}
